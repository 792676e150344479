"""How long answers are thought to be before there is one, beside what made-up answers have."""

from __future__ import annotations

from typing import Any

import pytest

from bqbatch.errors import Place
from bqbatch.prompt.lengths import Length, expected_output
from bqbatch.prompt.output import OutputColumn
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.settings import Settings

MOST = 65_536
LABEL = "label STRING NOT NULL CHECK (label IN ('good', 'bad'))"


def columns(ddl: str) -> tuple[OutputColumn, ...]:
    return parse_output(ddl, lambda _: Place("output", 1, 1))


def length(ddl: str, model: str = "simulated", **said: Any) -> Length:
    return expected_output(columns(ddl) if ddl else (), Settings(**said), model, MOST)


# Output columns, then the tokens (of Gemma 3's tokenizer) of a made-up answer in one line, and indented by two.
ANSWERS = [
    # {"label": "negative"}
    ("label STRING NOT NULL CHECK (label IN ('positive', 'neutral', 'negative'))", 6, 11),
    # {"is_spam": false}
    ("is_spam BOOL NOT NULL", 7, 11),
    # {"stars": 4}
    ("stars INT64 NOT NULL CHECK (stars BETWEEN 1 AND 5)", 6, 10),
    # {"score": 0.85}
    ("score FLOAT64 NOT NULL CHECK (score BETWEEN 0 AND 1)", 9, 13),
    # {"sentiment": "positive", "score": 0.95, "topics": ["battery life", "customer support", "price"]}
    (
        "sentiment STRING NOT NULL CHECK (sentiment IN ('positive', 'neutral', 'negative')), score FLOAT64, topics ARRAY<STRING>",
        29,
        48,
    ),
    # {"summary": "The battery lasts two days, but the screen scratches easily and support was slow to answer."}
    ("summary STRING NOT NULL", 23, 27),
    # {"title": "Battery lasts long, screen scratches"}
    ("title STRING NOT NULL CHECK (LENGTH(title) <= 60)", 11, 16),
    # {"due": "2026-01-31", "sent_at": "2026-01-30T12:30:00Z"}
    ("due DATE, sent_at TIMESTAMP NOT NULL", 42, 49),
    # {"town": "Porto", "place": {"lat": 41.15, "lon": -8.62}}
    ("town STRING, place STRUCT<lat FLOAT64, lon FLOAT64>", 29, 43),
    # {"items": [{"name": "office chair", "price": 129.5}, {"name": "desk", "price": 349.0}, {"name": "lamp", "price": 19.9}]}
    ("items ARRAY<STRUCT<name STRING NOT NULL CHECK (LENGTH(name) <= 40), price NUMERIC>>", 51, 87),
    # {"category": "shipping_delay", "confidence": 0.92, "needs_human": true}
    (
        "category STRING NOT NULL CHECK (category IN ('refund_request', 'shipping_delay', 'other')),"
        " confidence FLOAT64 NOT NULL, needs_human BOOL NOT NULL",
        24,
        32,
    ),
]


@pytest.mark.parametrize(("ddl", "in_a_line", "indented"), ANSWERS, ids=[answer[0].split()[0] for answer in ANSWERS])
def test_an_answer_is_about_as_long_as_its_columns_say(ddl: str, in_a_line: int, indented: int) -> None:
    found = length(ddl)
    assert found.low <= in_a_line
    assert indented <= found.high
    assert found.likely == pytest.approx(indented, rel=0.45)


def test_a_longer_label_a_longer_text_and_more_items_are_longer_answers() -> None:
    assert (
        length("a STRING CHECK (a IN ('x', 'not_at_all_happy'))").high > length("a STRING CHECK (a IN ('x', 'y'))").high
    )
    assert length("a STRING CHECK (LENGTH(a) <= 800)").likely > length("a STRING CHECK (LENGTH(a) <= 80)").likely
    few, many = (length(f"a ARRAY<INT64> CHECK (ARRAY_LENGTH(a) <= {n})") for n in (2, 40))
    assert (few.low, few.likely < many.likely, few.high < many.high) == (many.low, True, True)
    assert length("a ARRAY<STRING> CHECK (ARRAY_LENGTH(a) <= 0)").high < 20


def test_what_nothing_bounds_is_as_long_as_the_cap_allows() -> None:
    assert length("note STRING").high == length("tags ARRAY<BOOL>").high == length("").high == MOST
    assert length("", max_output_tokens=1024).high == 1024
    assert length("", max_output_tokens=100) == Length(5, 100, 100)
    assert length(LABEL, max_output_tokens=1024).high < 20
    assert length("", max_output_tokens=10**9).high == MOST


@pytest.mark.parametrize(
    ("model", "said", "likely", "high"),
    [
        ("simulated", {}, 0, 0),
        ("smollm2-135m", {}, 0, 0),
        ("gemini-3.5-flash-lite", {}, 0, 0),
        ("gemini-3.5-flash", {}, 500, MOST),
        ("gemini-3.1-pro-preview", {}, 1500, MOST),
        ("publishers/google/models/gemini-3.8-flash", {}, 500, MOST),
        ("projects/p/locations/us/models/123", {}, 500, MOST),
        ("gemini-2.5-flash-lite", {}, 0, 0),
        ("gemini-2.5-flash", {}, 500, MOST),
        ("gemini-3.5-flash", {"thinking": "minimal"}, 0, 0),
        ("gemini-3.5-flash-lite", {"thinking": "high"}, 1500, MOST),
        ("gemini-2.5-flash", {"thinking": 0}, 0, 0),
        ("gemini-2.5-flash", {"thinking": 128}, 128, 128),
        ("gemini-2.5-flash", {"thinking": 8192}, 500, 8192),
        ("gemini-2.5-flash-lite", {"thinking": -1}, 500, MOST),
        ("gemini-3.5-flash", {"request_extra": {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}}, 200, MOST),
        ("gemini-3.5-flash", {"request_extra": {"generationConfig": {"thinkingConfig": {"thinkingLevel": "new"}}}}, 500, MOST),
        ("gemini-3.5-flash", {"thinking": "low", "max_output_tokens": 150}, 140, 139),
        ("gemini-2.5-flash", {"thinking": 8192, "max_output_tokens": 1024}, 500, 1013),
    ],
)  # fmt: skip
def test_thoughts_are_added_and_count_against_the_cap(model: str, said: dict[str, Any], likely: int, high: int) -> None:
    answer, found = length(LABEL), length(LABEL, model, **said)
    assert found.low == answer.low
    assert found.likely - answer.likely == likely
    assert found.high == min(MOST, answer.high + high)
