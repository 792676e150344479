"""A prompt's text as GoogleSQL: the words stay literals, each `{column}` becomes the column's text.

Row data never passes through Jinja: the warehouse concatenates. Only `{name}` and `{name.field}` are
replaced, so JSON in a prompt is safe; `\\{` is a literal brace; `{name|'text'}` is used where name is NULL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from bqbatch.prompt.source import mark

_PLACEHOLDER = re.compile(
    r"\\\{|\{(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\|'(?P<default>(?:[^'\\]|\\.)*)')?\}", re.ASCII
)

Origin = tuple[int, int, bool]
"""Where one character comes from: file, offset, and whether it was copied."""


@dataclass(frozen=True, slots=True)
class PromptText:
    """The text of a prompt with the origin of each character."""

    text: str
    origins: tuple[Origin, ...]

    def dedented(self) -> PromptText:
        """The text without the indentation all its lines share, and without blank lines around it."""
        lines = self.text.split("\n")
        margins = [len(line) - len(line.lstrip(" \t")) for line in lines[1:] if line.strip()]
        if lines[0].strip() and not self.text[:1].isspace():
            margin = min(margins, default=0)
            starts = [0] + [margin] * (len(lines) - 1)
        else:
            margins = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
            margin = min(margins, default=0)
            starts = [margin] * len(lines)
        kept: list[int] = []
        offset = 0
        for number, line in enumerate(lines):
            start = min(starts[number], len(line) - len(line.lstrip(" \t")))
            end = len(line.rstrip(" \t")) if not line.strip() else len(line)
            kept += range(offset + start, offset + max(start, end))
            if number < len(lines) - 1:
                kept.append(offset + len(line))
            offset += len(line) + 1
        while kept and self.text[kept[0]] == "\n":
            kept.pop(0)
        while kept and self.text[kept[-1]] in " \t\n":
            kept.pop()
        return PromptText("".join(self.text[i] for i in kept), tuple(self.origins[i] for i in kept))


@dataclass(frozen=True, slots=True)
class PromptSQL:
    """GoogleSQL for a prompt: an expression, and one that names the first NULL column (or None)."""

    expression: str
    null_column: str | None


def literal(value: str) -> str:
    """A GoogleSQL string literal."""
    return exp.Literal.string(value).sql(dialect="bigquery")


def to_sql(prompt: PromptText) -> PromptSQL:
    """The expression that concatenates a prompt's words and its columns' text, with source marks in it."""
    parts: list[str] = []
    columns: dict[str, str] = {}
    words = ""
    end = 0
    for found in _PLACEHOLDER.finditer(prompt.text):
        words += prompt.text[end : found.start()]
        end = found.end()
        name = found["name"]
        if name is None:
            words += "{"
            continue
        if words:
            parts.append(literal(words))
            words = ""
        file, offset, copied = prompt.origins[found.start()]
        path = ".".join(f"`{part}`" for part in name.split("."))
        # One past the brace: the place to show is the name's.
        column = f"{mark(file, offset + copied, copied=False)}{path}{mark(file, offset, copied=False)}"
        text = f"CAST({column} AS STRING)"
        if found["default"] is not None:
            default = re.sub(r"\\(.)", r"\1", found["default"])
            text = f"IFNULL({text}, {literal(default)})"
        else:
            columns.setdefault(name, path)
        parts.append(text)
    words += prompt.text[end:]
    if words or not parts:
        parts.append(literal(words))
    expression = parts[0] if len(parts) == 1 else f"CONCAT({', '.join(parts)})"
    null_column = None
    if columns:
        whens = " ".join(f"WHEN {path} IS NULL THEN {literal(name)}" for name, path in columns.items())
        null_column = f"CASE {whens} END"
    return PromptSQL(expression, null_column)


def placeholders_in(text: str) -> list[re.Match[str]]:
    """Every `{name}` of a text that is not escaped."""
    return [found for found in _PLACEHOLDER.finditer(text) if found["name"]]
