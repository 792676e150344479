"""A prompt's text as GoogleSQL: the words stay literals, each `{column}` becomes the column's text.

Row data never passes through Jinja: the warehouse concatenates. Only `{name}` and `{name.field}` are
replaced, so JSON in a prompt is safe; `\\{` is a literal brace; `{name|'text'}` is used where name is NULL.
Between the words may stand pieces that macros made: text of its own SQL, and files, which make the prompt an array.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from bqbatch.prompt.source import PIECE, mark

_PLACEHOLDER = re.compile(
    rf"{PIECE.pattern}|" r"\\\{|\{(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\|'(?P<default>(?:[^'\\]|\\.)*)')?\}",
    re.ASCII,
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
class Piece:
    """SQL that a macro made, to stand in a prompt: a text, or with `mime` the URI of a file.

    `columns` has what must not be NULL, by the name that the user knows it by.
    """

    expression: str
    columns: Mapping[str, str]
    mime: str | None = None

    @property
    def sql(self) -> str:
        """The piece where it stands alone in a query."""
        return _part(file_uri=self.expression, mime_type=self.mime) if self.mime else self.expression


@dataclass(frozen=True, slots=True)
class TextSQL:
    """GoogleSQL for a text, and the columns in it by their names."""

    expression: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PromptSQL:
    """GoogleSQL for a prompt: an expression, and one that names the first NULL column (or None)."""

    expression: str
    null_column: str | None


@functools.cache
def literal(value: str) -> str:
    """A GoogleSQL string literal."""
    return exp.Literal.string(value).sql(dialect="bigquery")


def text_sql(text: PromptText, table: str = "") -> TextSQL:
    """The expression that concatenates a text's words and columns, those of the table alias if one is told."""
    parts, columns = _parts(text, (), table)
    return TextSQL(_concat([part for part in parts if isinstance(part, str)]), columns)


def to_sql(prompt: PromptText, pieces: Sequence[Piece] = ()) -> PromptSQL:
    """The expression that concatenates a prompt's words and its columns' text, with source marks in it.

    A prompt with files in it is an array of parts: STRUCT<text STRING, file_uri STRING, mime_type STRING>.
    """
    parts, columns = _parts(prompt, pieces)
    texts = [part for part in parts if isinstance(part, str)]
    expression = _concat(texts) if len(texts) == len(parts) else f"[{', '.join(_parts_sql(parts))}]"
    whens = " ".join(f"WHEN {sql} IS NULL THEN {literal(name)}" for name, sql in columns.items())
    return PromptSQL(expression, f"CASE {whens} END" if whens else None)


def _parts(text: PromptText, pieces: Sequence[Piece], table: str = "") -> tuple[list[str | Piece], dict[str, str]]:
    """The text as SQL of its words, columns and pieces of text, with the files between them; and the columns."""
    parts: list[str | Piece] = []
    columns: dict[str, str] = {}
    words = ""
    end = 0
    for found in _PLACEHOLDER.finditer(text.text):
        words += text.text[end : found.start()]
        end = found.end()
        if found["piece"] is None and found["name"] is None:
            words += "{"
            continue
        piece = pieces[int(found["piece"])] if found["piece"] else None
        if piece and piece.mime:
            words = words.rstrip()
        if words:
            parts.append(literal(words))
            words = ""
        if piece is None:
            parts.append(_column(text, found, table, columns))
            continue
        columns |= piece.columns
        parts.append(piece if piece.mime else piece.expression)
        if piece.mime:
            end += len(text.text[end:]) - len(text.text[end:].lstrip())
    words += text.text[end:]
    if words or not parts:
        parts.append(literal(words))
    return parts, columns


def _column(text: PromptText, found: re.Match[str], table: str, columns: dict[str, str]) -> str:
    name = found["name"]
    file, offset, copied = text.origins[found.start()]
    path = ".".join([*([table] if table else []), *(f"`{part}`" for part in name.split("."))])
    # One past the brace: the place to show is the name's.
    column = f"{mark(file, offset + copied, copied=False)}{path}{mark(file, offset, copied=False)}"
    sql = f"CAST({column} AS STRING)"
    if found["default"] is not None:
        default = re.sub(r"\\(.)", r"\1", found["default"])
        return f"IFNULL({sql}, {literal(default)})"
    columns.setdefault(name, path)
    return sql


def _concat(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"CONCAT({', '.join(texts)})"


def _parts_sql(parts: list[str | Piece]) -> list[str]:
    made: list[str] = []
    for is_file, group in itertools.groupby(parts, lambda part: isinstance(part, Piece)):
        found = list(group)
        texts = [part for part in found if isinstance(part, str)]
        made += [part.sql for part in found if isinstance(part, Piece)] if is_file else [_part(text=_concat(texts))]
    return made


def _part(**fields: str | None) -> str:
    named = {name: fields.get(name) or "CAST(NULL AS STRING)" for name in ("text", "file_uri", "mime_type")}
    return f"STRUCT({', '.join(f'{sql} AS {name}' for name, sql in named.items())})"


def placeholders_in(text: str) -> list[re.Match[str]]:
    """Every `{name}` of a text that is not escaped."""
    return [found for found in _PLACEHOLDER.finditer(text) if found["name"]]
