"""Tokens as sql/macros/tokens.sql estimates them, of texts in many scripts and of whole requests, on both engines.

Each case under tests/cases/tokens is a language or a kind of text. A section's name ends with the number of tokens that
the tokenizer of Gemma 3 makes of its text, its last line break included; none of the texts had a part in the fitting.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.casefile import read_case
from tests.engines import DATASET, Embedded, Judge, macro
from tests.oracle.bigquery import refused

FILES = sorted((Path(__file__).parent / "cases" / "tokens").glob("*.case"))
MOST = 0.08
TEXTS = f"SELECT key, {macro('tokens', 'text_tokens', 'text')} AS tokens FROM {DATASET.of('texts')} ORDER BY key"
REQUESTS = macro("tokens", "input_tokens", DATASET.of("requests"))

Engines = tuple[Judge, Embedded]


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    embedded = Embedded(tmp_path_factory.mktemp("tokens") / "warehouse.duckdb")
    yield Judge(), embedded
    embedded._open.__exit__(None, None, None)


def tokens(engines: Engines, *texts: str | None) -> list[int | None]:
    """The estimate of each text; both engines say the same."""
    rows = [{"key": at, "text": text} for at, text in enumerate(texts)]
    said = []
    for engine in engines:
        engine.fill("texts", "SELECT 1 AS key, 'x' AS text LIMIT 0", rows)
        said.append([row.get("tokens") for row in engine.query(TEXTS).rows])
    assert said[0] == said[1]
    return said[0]


def input_tokens(engines: Engines, *requests: Mapping[str, Any]) -> list[int]:
    """The estimate of each request; both engines say the same."""
    rows = [{"key": f"{at:03}", "request": request} for at, request in enumerate(requests)]
    shape = "SELECT 'x' AS key, PARSE_JSON('{}', wide_number_mode => 'round') AS request LIMIT 0"
    said = []
    for engine in engines:
        engine.fill("requests", shape, rows)
        found = {row["key"]: row["input_tokens"] for row in engine.query(REQUESTS).rows}
        assert set(found) == {row["key"] for row in rows}
        said.append([found[key] for key in sorted(found)])
    assert said[0] == said[1]
    return said[0]


def asked(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": list(parts)}], **more}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_tokens_of_a_language_are_8_percent_off_at_most(path: Path, engines: Engines) -> None:
    sections = read_case(path)
    counted = sum(int(head.split()[1]) for head in sections)
    estimated = sum(n for n in tokens(engines, *sections.values()) if n is not None)
    assert counted > 250
    assert estimated / counted == pytest.approx(1, abs=MOST)


def test_bigquery_takes_it() -> None:
    for sql in (TEXTS, REQUESTS):
        assert refused(sqlglot.parse_one(sql, dialect="bigquery")) == []


def test_the_languages_and_kinds_are_those_that_were_promised() -> None:
    assert {path.stem for path in FILES} == {
        *("english", "spanish", "french", "german", "portuguese", "russian", "arabic", "hindi", "thai", "japanese"),
        *("chinese", "korean", "python", "sql", "json", "digits"),
    }


def test_what_has_no_text_has_no_tokens(engines: Engines) -> None:
    assert tokens(engines, None, "", "7", "1234567890", "word", "\n\n\n") == [None, 0, 1, 10, 1, 1]


def test_any_text_is_estimated_by_both_engines_alike(engines: Engines) -> None:
    odd = [
        "😀👍🏽",
        "\0\x07\u2028\u200d",
        "é\u0301 ﬁ ß İ",
        "ＡＢＣ１２３",
        "𠮷野家で食べた",
        "ქართული ελληνικά עברית தமிழ்",
        "'\"\\`{}[]%s",
    ]
    found = tokens(engines, *odd, "x" * 100_000, " " * 5_000, "漢" * 5_000)
    assert all(n is not None and n > 0 for n in found)


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(
        st.text(max_size=40) | st.sampled_from((" A", "12 ", "漢字漢字", "한국어", "éß ", "\n\n")), max_size=8
    )
)
def test_a_text_of_any_characters_is_estimated_by_both_engines_alike(engines: Engines, texts: list[str]) -> None:
    tokens(engines, *texts, "".join(texts))


def test_a_longer_text_has_more_tokens(engines: Engines) -> None:
    for path in FILES:
        text = next(iter(read_case(path).values()))
        once, twice = tokens(engines, text, f"{text}\n{text}")
        assert once is not None and twice is not None
        assert twice == pytest.approx(2 * once, abs=2)


def test_a_request_is_its_texts_and_not_the_json_around_them(engines: Engines) -> None:
    said, told = 'Is "good" a word?\n\n{"a": 1}', "You are kind."
    of_said, of_told = (n or 0 for n in tokens(engines, said, told))
    plain = asked({"text": said})
    talk = {"contents": [{"role": role, "parts": [{"text": said}]} for role in ("user", "model", "user")]}
    assert input_tokens(
        engines,
        plain,
        {**plain, "generationConfig": {"temperature": 0.5, "maxOutputTokens": 1024, "responseMimeType": "text/plain"}},
        asked({"text": said}, {"text": told}),
        talk,
        {**plain, "systemInstruction": {"parts": [{"text": told}]}},
        {**plain, "system_instruction": {"parts": [{"text": told}]}},
        {"contents": []},
        {},
    ) == [of_said, of_said, of_said + of_told, 3 * of_said, of_said + of_told, of_said + of_told, 0, 0]


def test_a_schema_and_tools_are_read_too(engines: Engines) -> None:
    schema = {"type": "OBJECT", "properties": {"label": {"type": "STRING", "enum": ["good", "bad"]}}}
    plain, *more = input_tokens(
        engines,
        asked({"text": "Which?"}),
        asked({"text": "Which?"}, generationConfig={"responseSchema": schema}),
        asked({"text": "Which?"}, generation_config={"response_schema": schema}),
        asked({"text": "Which?"}, generationConfig={"responseJsonSchema": schema}),
        asked({"text": "Which?"}, tools=[{"functionDeclarations": [{"name": "find", "description": "Finds a word."}]}]),
        asked({"text": "Which?"}, {"functionCall": {"name": "find", "args": {"word": "good"}}}),
    )
    assert more[0] == more[1] == more[2]
    assert 18 < more[0] - plain < 25
    assert all(12 < n - plain < 24 for n in more[3:])


@pytest.mark.parametrize(
    ("kind", "resolution", "rate"),
    [
        ("image/png", None, 1120),
        ("image/jpeg", "LOW", 280),
        ("image/webp", "MEDIUM", 560),
        ("image/png", "HIGH", 1120),
        ("image/png", "ULTRA_HIGH", 2240),
        ("application/pdf", None, 4 * 560),
        ("application/pdf", "LOW", 4 * 280),
        ("application/pdf", "HIGH", 4 * 1120),
        ("video/mp4", None, 60 * (32 + 70)),
        ("video/mp4", "LOW", 60 * (32 + 70)),
        ("video/mp4", "HIGH", 60 * (32 + 280)),
        ("audio/mpeg", "HIGH", 60 * 32),
        ("text/csv", None, 1000),
    ],
)
def test_a_file_counts_by_its_kind(engines: Engines, kind: str, resolution: str | None, rate: int) -> None:
    level = {"mediaResolution": f"MEDIA_RESOLUTION_{resolution}"} if resolution else {}
    of_part = {"mediaResolution": {"level": f"MEDIA_RESOLUTION_{resolution}"}} if resolution else {}
    low = {"mediaResolution": "MEDIA_RESOLUTION_LOW"} if resolution else {}
    address = {"fileUri": "gs://bucket/a", "mimeType": kind}
    words, *files = input_tokens(
        engines,
        asked({"text": "What is it?"}),
        asked({"fileData": address}, {"text": "What is it?"}, generationConfig=level),
        asked({"fileData": address, **of_part}, {"text": "What is it?"}, generationConfig=low),
        asked({"file_data": {"file_uri": "gs://bucket/a", "mime_type": kind}}, generation_config=level and {"media_resolution": level["mediaResolution"]}),
        asked({"inlineData": {"data": "A" * 4000, "mimeType": kind}}, {"inlineData": {"data": "", "mimeType": kind}}, generationConfig=level),
    )  # fmt: skip
    assert files == [words + rate, words + rate, rate, 2 * rate]


def test_text_that_looks_like_a_request_is_text(engines: Engines) -> None:
    fake = '{"fileData": {"fileUri": "gs://b/a", "mimeType": "image/png"}, "text": "no"}'
    assert input_tokens(engines, asked({"text": fake})) == tokens(engines, fake)
    assert not math.isclose(input_tokens(engines, asked({"text": fake}))[0], 1120, rel_tol=0.5)
