"""How many tokens an answer will have, before there is one: by its output columns, and by how much a model thinks.

Tables of guesses, each with its reason. A single answer already tells more, and five of them replace all of it
(`sql/plan/interval.sql`). Tokens are those of the tokenizer of Gemma 3, which has one for each digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bqbatch.prompt.output import OutputColumn
from bqbatch.prompt.settings import Settings


@dataclass(frozen=True, slots=True)
class Length:
    """Output tokens of one answer, thoughts included; `high` is infinite where nothing bounds it but the cap."""

    low: float
    likely: float
    high: float

    def __add__(self, other: Length) -> Length:
        return Length(self.low + other.low, self.likely + other.likely, self.high + other.high)


_ANY = float("inf")
_PLAIN_TEXT = Length(5, 300, _ANY)
"""From a word to a few paragraphs: what a prompt without `{% output %}` is written for."""
_VALUES = {
    "STRING": Length(1, 20, _ANY),  # a name or a short sentence, 80 characters
    "INT64": Length(1, 2, 20),  # two digits; the longest INT64 has 20 characters
    "FLOAT64": Length(1, 4, 20),  # 0.85; the longest that comes back exactly has some 20 characters
    "NUMERIC": Length(1, 5, 40),  # 12.50; 38 digits
    "BOOL": Length(1, 1, 1),
    "DATE": Length(10, 10, 10),  # 2026-01-31
    "TIMESTAMP": Length(20, 20, 32),  # 2026-01-31T12:30:00Z, to microseconds and with an offset
    "DATETIME": Length(19, 19, 26),
    "TIME": Length(8, 8, 15),
}
_FRAME = {  # counted on made-up answers, written in one line (low) and indented, as models do (likely and high)
    "object": Length(0, 2, 3),
    "member": Length(3, 6, 6),  # beside its key and its value: quotes, colon, comma, line break, indentation
    "item": Length(2, 5, 5),
}
_TAG = Length(1, 4, _ANY)
"""A STRING in an ARRAY: a word or two."""
_NULL = 1
_ITEMS = Length(0, 3, _ANY)
"""Of an ARRAY: a few tags."""
_THOUGHTS = {
    "minimal": Length(0, 0, 0),
    "low": Length(0, 200, _ANY),  # less than half of medium, a guess
    "medium": Length(0, 500, _ANY),  # 350,000 rows that a model thought about unasked took 175 M tokens of output
    "high": Length(0, 1500, _ANY),  # three times that, a guess
}
"""By level. A level is no limit: only the output cap is."""
_FAMILIES = (  # the first that fits tells what a model does unasked: …/models/thinking (August 2026)
    (r"gemini-2\.5-flash-lite", "minimal"),
    (r"gemini-2\.", "medium"),  # as it sees fit
    (r"gemini-.*flash-lite", "minimal"),
    (r"gemini-.*flash", "medium"),
    (r"gemini-.*pro", "high"),
    (r"gemini-|projects/", "medium"),  # a new one, or a tuned one, whose name tells nothing
    (r"", "minimal"),  # a local or made-up one
)


def expected_output(output: Iterable[OutputColumn], settings: Settings, model: str, most: int) -> Length:
    """The output tokens of one answer of `model`, whole numbers; none above `max_output_tokens`, or `most` without one.

    `most` is what one answer of a model can have. Thoughts count against the cap as the answer does.
    """
    columns = tuple(output)
    found = (_object(columns) if columns else _PLAIN_TEXT) + expected_thoughts(settings, model)
    cap = min(settings.max_output_tokens or most, most)
    return Length(*(int(min(tokens, cap)) for tokens in (found.low, found.likely, found.high)))


def expected_thoughts(settings: Settings, model: str) -> Length:
    """The tokens of one answer's thinking, with no cap on them but a budget."""
    level, budget = settings.thinks
    usual = next(level for pattern, level in _FAMILIES if re.search(pattern, model))
    if level is None and budget is not None:
        medium = _THOUGHTS["medium"]
        return medium if budget < 0 else Length(0, min(medium.likely, budget), budget)
    return _THOUGHTS.get(level or usual, _THOUGHTS[usual])


def _object(columns: tuple[OutputColumn, ...]) -> Length:
    found = _FRAME["object"]
    for column in columns:
        key = _tokens(column.name)
        found += _FRAME["member"] + Length(key, key, key) + _value(column)
    return found


def _value(column: OutputColumn) -> Length:
    value = _one(column)
    if column.array:
        most = column.most("ARRAY_LENGTH")
        items = _ITEMS if most is None else Length(_ITEMS.low, min(_ITEMS.likely, most), most)
        each = value + _FRAME["item"]
        value = _FRAME["object"] + Length(
            items.low * each.low, items.likely * each.likely, items.high and items.high * each.high
        )
    return value if column.required else Length(min(value.low, _NULL), value.likely, max(value.high, _NULL))


def _one(column: OutputColumn) -> Length:
    """The value of a column, or of an item of it."""
    if column.fields:
        return _object(column.fields)
    if column.enum:
        labels = sorted(map(_tokens, column.enum))
        return Length(labels[0], labels[-1], labels[-1])
    if (most := column.most("LENGTH")) is not None:
        return Length(min(most, 1), -(-most // 8), most)  # half of it, at four characters a token; at most one each
    if column.type == "INT64" and column.low is not None and column.high is not None:
        digits = max(len(str(int(bound))) for bound in (column.low, column.high))
        return Length(1, digits, digits)
    return _TAG if column.type == "STRING" and column.array else _VALUES[column.type]


def _tokens(text: str) -> int:
    """Tokens of a key or a label: a word of Latin letters is one, long ones are more, and so is every other character."""
    return len(re.findall(r"[A-Za-z]{1,10}|[^\sA-Za-z]", text))
