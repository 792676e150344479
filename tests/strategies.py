"""What hypothesis makes examples of: text, output columns, answers to them, responses, faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bqbatch.prompt.output import OutputColumn
from bqbatch.services.simulated import FAULTS


def seldom(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 7)) == 7


# Text. Half of it is of the characters that some layer gives a meaning to.

MEANT = "'\"`\\{}[]%#$@&<>;:,.-_/*~^|\n\r\t\b\f\v\x00\x01\x1b\x1f\x7f\x85\xa0\u200b\u2028\u2029\ufeff\ufffd😀nrtux0a "
PIECES = ["{{", "}}", "{%", "%}", "{#", "#}", "{word}", "\\n", "\\u0041", "\\ud83d", "--", "/*", "'''", '"""', "r'", "@p",
          "${x}", "%s", "\r\n", "\\{", "```json", "</script>", "e\u0301", "İ", "null"]  # fmt: skip
any_text = st.lists(
    st.one_of(st.text(st.sampled_from(MEANT), max_size=8), st.sampled_from(PIECES), st.text(max_size=6)), max_size=5
).map("".join)


def template_text(text: str) -> str:
    """What of a text can stand in one line of a prompt file: no file has NUL, and its line ends are its own."""
    return "".join(char for char in text if char not in "\0\r\n\ufdd0\ufdd1")


# Answers. Columns of any type, with any check; text that is nearly what they ask for.

NAMES = ("a", "order", "select", "Mixed", "item", "n_1", "text", "answer_", "from")
SCALARS = ("STRING", "INT64", "FLOAT64", "NUMERIC", "BOOL", "DATE", "TIMESTAMP", "DATETIME", "TIME")
whole = st.integers(-5, 5)
part = st.sampled_from(["-1.5", "-0.25", "0", "0.5", "1.125", "3"])


@st.composite
def checks(draw: st.DrawFn, name: str, kind: str, array: bool) -> str:
    """A CHECK that fits the column, or nothing."""
    if array:
        return draw(st.sampled_from(["", f"CHECK (ARRAY_LENGTH(`{name}`) <= 2)"]))
    if kind == "STRING":
        return draw(st.sampled_from(["", f"CHECK (`{name}` IN ('a', 'it\\'s', '日本'))", f"CHECK (`{name}` != 'a')",
                                     f"CHECK (LENGTH(`{name}`) <= 3)", f"CHECK (`{name}` = 'a')"]))  # fmt: skip
    if kind not in ("INT64", "FLOAT64", "NUMERIC"):
        return ""
    number = whole.map(str) if kind == "INT64" else part
    low, high = sorted((draw(number), draw(number)), key=Decimal)
    return draw(st.sampled_from(["", f"CHECK (`{name}` BETWEEN {low} AND {high})", f"CHECK (`{name}` > {low})",
                                 f"CHECK (`{name}` <= {high})", f"CHECK (`{name}` != {low})"]))  # fmt: skip


@st.composite
def column(draw: st.DrawFn, name: str, depth: int = 2) -> str:
    """A column in DDL's words."""
    array = draw(st.booleans())
    if depth and draw(st.integers(0, 3)) == 0:
        kind = f"STRUCT<{draw(columns(depth - 1))}>"
    else:
        kind = draw(st.sampled_from(SCALARS))
    required = draw(st.sampled_from(["", "NOT NULL"]))
    rule = draw(checks(name, kind, array)) if array or not kind.startswith("STRUCT") else ""
    return f"`{name}` {f'ARRAY<{kind}>' if array else kind} {required} {rule}"


@st.composite
def columns(draw: st.DrawFn, depth: int = 2) -> str:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    return ", ".join(draw(column(name, depth)) for name in names)


GOOD = {
    "STRING": ['"a"', '"it\'s"', '"日本"', '"xyz"', '""'],
    "INT64": ["0", "-1", "3", '"2"', "9007199254740993"],
    "FLOAT64": ["0.5", "-0.25", "1e-7", "3", "1e300", "-0.0"],
    "NUMERIC": ["0.5", "1.125", '"-1.5"', "3", "99999999999999"],
    "BOOL": ["true", "false", '"TRUE"'],
    "DATE": ['"2026-01-02"', '"2024-02-29"', '"1-1-1"', '"0001-01-01"'],
    "TIMESTAMP": ['"2026-01-02T03:04:05Z"', '"2026-01-02 03:04:05.123456+02:00"', '"2026-01-02"'],
    "DATETIME": ['"2026-01-02T03:04:05"', '"2026-01-02 03:04:05.5"'],
    "TIME": ['"03:04:05"', '"23:59:59.999999"', '"3:4:5"'],
}
BAD = ["null", "[]", "{}", "[null]", "1.50", "-1E+2", "1e400", "NaN", "01", '"NaN"', '"inf"', '" 1"', '"1 "', '"0x1F"', '"٣"',
       '"\\u0000"', '"\\ud83d"', '"\\ud83d\\ude00"', '"a\\nb"', '"2026-02-30"', '"24:00:00"', '"\u2028"', "True", "[[1]]",
       '{"a": {"a": 1}}', "18446744073709551616", '"1,5"', "''"]  # fmt: skip
any_json = st.one_of(
    st.sampled_from(BAD),
    st.sampled_from([value for values in GOOD.values() for value in values]),
    any_text.map(lambda text: json.dumps(text, ensure_ascii=False)),
    any_text.map(json.dumps),
)


@st.composite
def object_of(draw: st.DrawFn, wanted: tuple[OutputColumn, ...], odd: bool) -> str:
    """JSON text of an object with these fields; if odd, maybe with fields left out, doubled or in disorder."""
    fields = [f"{json.dumps(one.name)}: {draw(value_of(one, odd))}" for one in wanted]
    if odd and draw(st.booleans()):
        fields = draw(st.lists(st.sampled_from([*fields, f'"more": {draw(any_json)}']), max_size=5))
    return "{" + ", ".join(fields) + "}"


@st.composite
def value_of(draw: st.DrawFn, wanted: OutputColumn, odd: bool) -> str:
    if odd and seldom(draw):
        return draw(any_json)
    one = object_of(wanted.fields, odd) if wanted.fields else st.sampled_from(GOOD[wanted.type])
    if wanted.array:
        return f"[{', '.join(draw(st.lists(one, max_size=3)))}]"
    return draw(one)


@st.composite
def answer_to(draw: st.DrawFn, wanted: tuple[OutputColumn, ...]) -> str:
    """The text of an answer: mostly an object, well-formed or nearly; else cut, with something around it, or any."""
    good, odd = object_of(wanted, odd=False), object_of(wanted, odd=True)
    around = st.sampled_from(
        ["{}", "```json\n{}\n```", "```{}```", " \n{}\t", "Here: {}", "{} Done.", "\ufeff{}", "[{}]"]
    )
    match draw(st.sampled_from(["good", "odd", "odd", "odd", "odd", "around", "cut", "any"])):
        case "good":
            return draw(good)
        case "odd":
            return draw(odd)
        case "around":
            return draw(around).replace("{}", draw(odd))
        case "cut":
            return draw(good)[: draw(st.integers(1, 30))]
        case _:
            return draw(any_text | any_json)


# Responses of any shape.

nested_json = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1e9, 1e9) | any_text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def some(draw: st.DrawFn, shape: Mapping[str, st.SearchStrategy[Any]]) -> Any:
    """An object with these fields, now and then without one; or, seldom, anything at all."""
    if seldom(draw):
        return draw(nested_json)
    return {name: draw(value) for name, value in shape.items() if not seldom(draw)}


counts = st.sampled_from([0, 12, "12", 1.5, None, "many", 2**63])
parts = st.lists(
    some(
        {
            "text": any_text | st.sampled_from(['{"a": 1}', "{}", '{"a"', ": 1}"]),
            "thought": st.sampled_from([True, False, None, "true"]),
        }
    ),
    max_size=3,
)
candidate = some(
    {
        "content": some({"parts": parts, "role": st.just("model")}),
        "finishReason": st.sampled_from(["STOP", "STOP", "STOP", "MAX_TOKENS", "SAFETY", "NEW_ONE", None, 3]),
    }
)
any_response = some(
    {
        "candidates": st.lists(candidate, min_size=1, max_size=2),
        "promptFeedback": some({"blockReason": st.sampled_from([None, None, "BLOCK_REASON_UNSPECIFIED", "SAFETY"])}),
        "usageMetadata": some(
            {"promptTokenCount": counts, "candidatesTokenCount": counts, "thoughtsTokenCount": counts}
        ),
        "modelVersion": st.sampled_from(["gemini-3.5-flash-lite", None, ""]),
    }
)
prefixes = st.sampled_from(["Bad Request: ", "RESOURCE_EXHAUSTED error occurred: ", ""])
any_status = st.tuples(st.integers(0, 7), prefixes, st.integers(399, 600), any_text).map(
    lambda drawn: {
        5: f'{drawn[1]}{{"error": {{"code": {drawn[2]}, "message": "x"}}}}', 6: None, 7: drawn[3],
    }.get(drawn[0], "")
)  # fmt: skip


# Faults, in any mixture.


@st.composite
def any_faults(draw: st.DrawFn, kinds: tuple[str, ...] = FAULTS) -> tuple[tuple[str, Decimal], ...]:
    """Faults with their shares, which are not more than all together."""
    names = draw(st.lists(st.sampled_from(kinds), unique=True, max_size=5))
    return tuple((name, Decimal(draw(st.integers(0, 100 // len(names)))) / 100) for name in names)
