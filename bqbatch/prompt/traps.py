"""Where Jinja and SQL misread each other, and the marks that keep origins.

Both walk the template's tokens as Jinja's own lexer yields them. The lexer drops white space that
`-` trims, so absolute offsets are found by a running search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError

from bqbatch.errors import PromptError
from bqbatch.prompt.source import File, mark

_LEXER = Environment(keep_trailing_newline=True)
_SQL_TOKEN = re.compile(r"--|\#|/\*|'''|\"\"\"|['\"`]")
_TEXT_BLOCKS = ("prompt", "system", "output", "raw")
_CAPTURES = ("set", "filter", "call")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str
    offset: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    for _, kind, value in _LEXER.lex(text):
        if not text.startswith(value, position):
            position = text.find(value, position)
        yield _Token(kind, value, position)
        position += len(value)


def _parts(text: str) -> Iterator[tuple[str, list[_Token]]]:
    """The template in pieces: `data`, `comment`, `variable` (all tokens of one) and `block`."""
    held: list[_Token] = []
    for token in _tokens(text):
        if token.kind in ("variable_begin", "block_begin"):
            held = [token]
        elif token.kind in ("variable_end", "block_end"):
            yield token.kind.removesuffix("_end"), [*held, token]
            held = []
        elif held:
            held.append(token)
        elif token.kind in ("data", "comment_begin", "raw_begin", "raw_end"):
            yield token.kind, [token]


def instrument(file: File, number: int) -> str:
    """The template's text with a mark before each piece of copied text and each expression."""
    out: list[str] = []
    end = 0
    captured = 0
    try:
        parts = list(_parts(file.text))
    except TemplateSyntaxError:
        return file.text  # Jinja will raise it again, and it will be placed there.
    for kind, tokens in parts:
        start = tokens[0].offset
        if kind == "block":
            name = _first_word(tokens)
            if name in _CAPTURES and not (name == "set" and any(t.value == "=" for t in tokens)):
                captured += 1
            elif name in [f"end{capture}" for capture in _CAPTURES]:
                captured -= 1
        if kind in ("data", "variable") and not captured:
            # White space between text and `{{-` must stay next to it to be trimmed.
            at = (
                start if kind == "data" else len(file.text[:start].rstrip()) if tokens[0].value.endswith("-") else start
            )
            at = max(at, end)
            out += [file.text[end:at], mark(number, start, copied=kind == "data")]
            end = at
    out.append(file.text[end:])
    return "".join(out)


def check(file: File) -> None:
    """Raises PromptError where Jinja would silently change what the SQL says."""
    try:
        parts = list(_parts(file.text))
    except TemplateSyntaxError:
        return
    state, text_block = "", ""
    for kind, tokens in parts:
        first = tokens[0]
        if kind == "block":
            name = _first_word(tokens)
            if name in _TEXT_BLOCKS:
                text_block = name
            elif name == f"end{text_block}":
                text_block = ""
        elif kind == "data" and not text_block:
            state = _state_after(first.value, state)
        elif kind == "comment_begin" and state and state not in ("--", "/*"):
            raise PromptError(
                "`{#` opens a Jinja comment, here inside a SQL string",
                "write {{ '{#' }} for the two characters",
                file.place(first.offset),
            )
        elif kind == "variable":
            inner = [t for t in tokens[1:-1] if t.kind != "whitespace"]
            if len(inner) <= 3 and inner and all(re.fullmatch(r"\d+|,", t.value) for t in inner):
                text = "".join(t.value for t in inner)
                raise PromptError(
                    f"{{{{{text}}}}} is Jinja and prints {text}",
                    f"a repetition in a regular expression has single braces: {{{text}}}",
                    file.place(first.offset),
                )


def in_sql_comment(file: File, line: int) -> bool:
    """Whether a template line has Jinja inside a SQL comment."""
    state, text_block = "", ""
    try:
        for kind, tokens in _parts(file.text):
            first = tokens[0]
            if kind == "block":
                name = _first_word(tokens)
                text_block = name if name in _TEXT_BLOCKS else "" if name == f"end{text_block}" else text_block
            elif kind == "data" and not text_block:
                state = _state_after(first.value, state)
            if kind in ("variable", "block") and state in ("--", "/*") and file.place(first.offset).line == line:
                return True
    except TemplateSyntaxError:
        lines = file.text.split("\n")
        return 0 < line <= len(lines) and bool(re.search(r"(--|#).*\{[{%]", lines[line - 1]))
    return False


def _first_word(tokens: list[_Token]) -> str:
    return next((token.value for token in tokens if token.kind == "name"), "")


def unclosed(sql: str) -> tuple[str, int] | None:
    """The quote or `/*` that SQL text opens and does not close, with its offset."""
    state, offset = _open_at_end(sql, "")
    return (state, offset) if state and state != "--" else None


def _state_after(text: str, state: str) -> str:
    """What SQL is in the middle of after `text`: `--`, `/*`, a quote, or nothing."""
    return _open_at_end(text, state)[0]


def _open_at_end(text: str, state: str) -> tuple[str, int]:
    """What SQL is in the middle of after `text`, and where that was opened.

    A backslash keeps the next character from ending a string, in raw strings too.
    """
    position = opened = 0
    while position < len(text):
        if not state:
            begin = _SQL_TOKEN.search(text, position)
            if not begin:
                break
            position, opened, state = begin.end(), begin.start(), "--" if begin[0] == "#" else begin[0]
            continue
        end = {"--": r"\n", "/*": r"\*/"}.get(state, rf"\\.|{state}")
        found = re.compile(end, re.DOTALL).search(text, position)
        if not found:
            break
        position = found.end()
        if not found[0].startswith("\\"):
            state = ""
    return state, opened
