"""Where each character of the rendered SQL comes from.

The template is rendered with invisible marks in it. A mark says «from here on, the text
was copied from this offset of this file» or «was made by the expression at this offset».
Taking the marks out again gives the plain text and a `SourceMap`. The marks are Unicode
noncharacters, which no text that is meant for interchange contains.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bqbatch.errors import Place, PromptError

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
PIECE = re.compile("\ufdd2(?P<piece>\\d+)\ufdd3")
"""The mark of a piece of SQL that a macro made, by its number: it is no text, and goes where the text goes."""
_MARK = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")


@dataclass(frozen=True, slots=True)
class File:
    """A template file as read: its path as shown to the user, and its text with `\\n` line ends."""

    path: str
    text: str
    folder: Path

    def place(self, offset: int) -> Place:
        """The line and column of a character offset."""
        offset = max(0, min(offset, len(self.text)))
        line = self.text.count("\n", 0, offset) + 1
        return Place(self.path, line, offset - (self.text.rfind("\n", 0, offset) + 1) + 1)

    def place_of(self, words: str, line: int = 0) -> Place:
        """The place of words in the Jinja of a line, or of the file; where they are not, where the Jinja opens."""
        start = self.offset_of_line(line) if line else 0
        rest = self.text[start:]
        # In a line that Jinja has something against, what is meant stands in its own signs.
        sign = re.search(r"\{[{%#]", rest.partition("\n")[0] if line else rest)
        opened = start + (sign.start() if sign else len(rest) - len(rest.lstrip()))
        found = self.text.find(words, opened) if words else -1
        if found < 0 and words:
            found = self.text.find(words)
        return self.place(found if found >= 0 else opened)

    def offset_of_line(self, line: int) -> int:
        """The offset at which a line (from 1) starts."""
        return sum(len(text) + 1 for text in self.text.split("\n")[: line - 1])


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of rendered text: copied character by character, or made by one expression."""

    start: int
    file: int
    offset: int
    copied: bool


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Maps offsets of a rendered text to places in the user's files."""

    files: tuple[File, ...]
    segments: tuple[Segment, ...]

    def place(self, offset: int) -> Place:
        """The place in the user's file that the character at `offset` comes from."""
        if not self.segments:
            return self.files[0].place(0)
        index = max(0, bisect_right(self.segments, offset, key=lambda segment: segment.start) - 1)
        segment = self.segments[index]
        shift = offset - segment.start if segment.copied else 0
        return self.files[segment.file].place(segment.offset + max(0, shift))

    def inserted(self, at: int, length: int) -> SourceMap:
        """The map after `length` characters, belonging to what stands before, were put in at `at`."""
        index = bisect_right(self.segments, at, key=lambda segment: segment.start) - 1
        before = self.segments[: index + 1]
        split = self.segments[index]
        resumed = Segment(at + length, split.file, split.offset + (at - split.start), split.copied)
        made = Segment(at, split.file, split.offset + (at - split.start), copied=False)
        after = tuple(
            Segment(segment.start + length, segment.file, segment.offset, segment.copied)
            for segment in self.segments[index + 1 :]
        )
        return SourceMap(self.files, (*before, made, resumed, *after))


def check_characters(text: str, place: Callable[[int], Place]) -> None:
    """Raises PromptError where a text holds what no SQL can: NUL, or half of a character."""
    if found := re.search("[\0\ud800-\udfff]", text):
        raise PromptError(
            f"the text holds U+{ord(found[0]):04X}, which is no character", "take it out; write the text as UTF-8",
            place(found.start()),
        )  # fmt: skip


def mark(file: int, offset: int, *, copied: bool) -> str:
    """The mark that says where the text after it comes from."""
    return f"{_OPEN}{file}:{offset}:{'=' if copied else '~'}{_CLOSE}"


def label(name: str) -> str:
    """A mark that gives a position in the rendered text a name."""
    return f"{_OPEN}@{name}{_CLOSE}"


def piece_mark(number: int) -> str:
    """The mark of a piece."""
    return f"\ufdd2{number}\ufdd3"


def has_marks(text: str) -> bool:
    """Whether a text contains the characters that marks are made of."""
    return re.search("[\ufdd0-\ufdd3]", text) is not None


def unmarked(text: str) -> tuple[str, tuple[Segment, ...], dict[str, int]]:
    """The text without its marks, its segments, and the offsets of its labels."""
    plain: list[str] = []
    segments: list[Segment] = []
    labels: dict[str, int] = {}
    length = end = 0
    for found in _MARK.finditer(text):
        piece = text[end : found.start()]
        plain.append(piece)
        length += len(piece)
        end = found.end()
        payload = found[1]
        if payload.startswith("@"):
            labels[payload[1:]] = length
            continue
        file, offset, kind = payload.split(":")
        while segments and segments[-1].start == length:
            segments.pop()
        segments.append(Segment(length, int(file), int(offset), kind == "="))
    plain.append(text[end:])
    return "".join(plain), tuple(segments), labels
