"""Values of the warehouse as JSON, exact, and as text that can't steer a terminal."""

from __future__ import annotations

import datetime as dt
import json
import math
import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bqbatch.values import as_json, as_text, printable, records, to_json
from bqbatch.warehouses import Column, Result

UTC = dt.UTC


@pytest.mark.parametrize(
    ("value", "sql_type", "json_value"),
    [
        (None, "INT64", None),
        (True, "BOOL", True),
        (2**53, "INT64", 2**53),
        (2**53 + 1, "INT64", "9007199254740993"),
        (-(2**63), "INT64", "-9223372036854775808"),
        (0.1, "FLOAT64", 0.1),
        (math.nan, "FLOAT64", "NaN"),
        (math.inf, "FLOAT64", "Infinity"),
        (-math.inf, "FLOAT64", "-Infinity"),
        (Decimal("1.500000000"), "NUMERIC", "1.5"),
        (Decimal("1E+3"), "NUMERIC", "1000"),
        (Decimal("99999999999999999999999999999.999999999"), "NUMERIC", "99999999999999999999999999999.999999999"),
        ("x", "STRING", "x"),
        ('{"a": 1}', "STRING", '{"a": 1}'),
        ('{"a": [1, null]}', "JSON", {"a": [1, None]}),
        ("null", "JSON", None),
        (b"\x00\xff", "BYTES", "AP8="),
        (bytearray(b"ab"), "BYTES", "YWI="),
        (dt.date(2026, 1, 2), "DATE", "2026-01-02"),
        (dt.time(3, 4, 5, 600000), "TIME", "03:04:05.600000"),
        (dt.datetime(2026, 1, 2, 3, 4, 5), "DATETIME", "2026-01-02T03:04:05"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "TIMESTAMP", "2026-01-02T03:04:05Z"),
        ([1, 2**60], "ARRAY<INT64>", [1, str(2**60)]),
        (["1", '"x"'], "ARRAY<JSON>", [1, "x"]),
        ([], "ARRAY<STRING>", []),
        ({"a": Decimal(1), "b": {"c": b"x"}}, "STRUCT<a NUMERIC, b STRUCT<c BYTES>>", {"a": "1", "b": {"c": "eA=="}}),
        ({"a": "[1]", "b": "[1]"}, "STRUCT<a JSON, b STRING>", {"a": [1], "b": "[1]"}),
        (
            [{"x": {"a": "1", "b": "2"}, "y": ["3"]}],
            "ARRAY<STRUCT<x STRUCT<a STRING, b JSON>, y ARRAY<JSON>>>",
            [{"x": {"a": "1", "b": 2}, "y": [3]}],
        ),
    ],
)
def test_json_holds_every_value_exactly(value: Any, sql_type: str, json_value: Any) -> None:
    assert to_json(value, sql_type) == json_value
    json.dumps(to_json(value, sql_type), allow_nan=False)


def test_rows_are_objects_with_the_columns_in_order() -> None:
    result = Result((Column("b", "INT64"), Column("a", "JSON")), ((1, "[2]"), (None, None)))
    assert [list(row.items()) for row in records(result)] == [[("b", 1), ("a", [2])], [("b", None), ("a", None)]]


@pytest.mark.parametrize(
    ("value", "sql_type", "text"),
    [
        (None, "STRING", ""),
        ("two\nlines\tand \x1b[31mred", "STRING", "two\\nlines\\tand \\x1b[31mred"),
        (True, "BOOL", "true"),
        (2**60, "INT64", str(2**60)),
        (Decimal("0.10"), "NUMERIC", "0.1"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "TIMESTAMP", "2026-01-02 03:04:05Z"),
        (["a\x9b", "ü"], "ARRAY<STRING>", '["a\\x9b", "ü"]'),
        ({"a": 1}, "STRUCT<a INT64>", '{"a": 1}'),
    ],
)
def test_a_cell_is_one_line(value: Any, sql_type: str, text: str) -> None:
    assert as_text(value, sql_type) == text


def test_emoji_and_scripts_are_shown_as_they_are() -> None:
    for text in ("👩‍👩‍👧 🇩🇪 ❤️", "größe", "日本語", "עברית", "é"):
        assert printable(text) == text


def test_what_turns_or_hides_text_is_spelled_out() -> None:
    assert printable("a\u202eb\u200bc\u2028d\ufeffe\x7f\x00") == r"a\u202eb\u200bc\u2028d\ufeffe\x7f\x00"
    assert printable("a\nb", keep="\n") == "a\nb"


@given(st.text(st.characters()))
def test_no_text_steers_a_terminal(text: str) -> None:
    for shown in (printable(text), as_text(text), as_json([text, {text: text}]).replace("\n", "")):
        assert not {unicodedata.category(char) for char in shown.replace("\u200d", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert json.loads(as_json([text])) == [text]
