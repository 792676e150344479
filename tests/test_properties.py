"""What holds for any text, any output columns and any answer: both engines agree, and no row is lost.

Hypothesis makes the examples, always the same ones; one that fails is a defect, and is kept as a case.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bqbatch import sqlfiles
from bqbatch.errors import Place
from bqbatch.prompt.compile import compile_prompt
from bqbatch.prompt.output import Check, OutputColumn, parse_output
from bqbatch.prompt.settings import Settings
from bqbatch.run.result import OUTCOMES
from bqbatch.services.simulated import FAULTS
from tests.engines import DATASET, Answer, Embedded, Engine, Judge
from tests.projects import Folder
from tests.test_cases import ANSWERS, REQUESTS, RESPONSES, USUAL

SOURCE = "SELECT 1 AS id, '' AS word, '' AS system FROM UNNEST([1]) AS nothing WHERE FALSE"
PUBLISHED = f"SELECT key, key AS request_hash, '' AS bqb_null_column, 1 AS bqb_shared FROM {DATASET.of('requests')}"

WORDS = """
{% output %}label STRING NOT NULL CHECK (label IN ('a', 'b')), n INT64{% endoutput %}
SELECT id AS key, word, {{ prompt('Say {word}') }} AS prompt
FROM (SELECT CAST(id AS INT64) AS id, CAST(word AS STRING) AS word FROM {{ seed('words.jsonl') }})
WHERE id > 0
"""
EMPTY = '{"id": 0, "word": ""}\n'
Row = dict[str, Any]
few = settings(
    derandomize="R" not in __import__("os").environ, deadline=None, database=None, max_examples=int(__import__("os").environ.get("N","12")), phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded") / "warehouse.duckdb")


def both(embedded: Embedded) -> tuple[Engine, Engine]:
    return Judge(), embedded


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


@few
@given(
    rows=st.lists(st.tuples(st.none() | any_text, st.none() | any_text), min_size=1, max_size=25),
    words=any_text.map(template_text),
)
def test_a_request_gives_any_text_back(
    rows: list[tuple[str | None, str | None]], words: str, embedded: Embedded, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("prompt")
    escaped = words.replace("{", "\\{")
    (folder / "prompt.sql").write_text(
        f"{{% system %}}Be brief.{{% endsystem %}}\n"
        f"SELECT id AS key, word, system, {{% prompt %}}{{% raw %}}<{escaped}>{{% endraw %}}: {{word}}{{% endprompt %}} AS prompt\n"
        f"FROM {{{{ source('llm.source') }}}}",
        "utf-8", newline="",
    )  # fmt: skip
    prompt = compile_prompt(folder / "prompt.sql", folder, DATASET, {}, Settings(max_output_tokens=9))
    asked = prompt.asked_columns(prompt.columns or ())
    known = USUAL | {"select": prompt.select, "asked": asked, "envelope": prompt.envelope, "has_system": True}
    source = [{"id": number, "word": word, "system": system} for number, (word, system) in enumerate(rows)]
    said = []
    for engine in both(embedded):
        engine.fill("source", SOURCE, source)
        engine.fill("answers", ANSWERS, [])
        engine.make("rows", rendered("requests/rows", known))
        engine.make("requests", rendered("requests/requests", known))
        published = f"SELECT snapshot.*, asked.request FROM (\n{rendered('requests/published', known)}\n) AS snapshot"
        joined = f"LEFT JOIN {DATASET.of('requests')} AS asked ON asked.key = snapshot.request_hash\nORDER BY key"
        said.append(engine.query(f"{published}\n{joined}"))
    assert said[0] == said[1]
    assert [(row["key"], row.get("word")) for row in said[0].rows] == [(row["id"], row["word"]) for row in source]
    hashes: dict[tuple[str, str], str] = {}
    for row, (word, system) in zip(said[0].rows, rows, strict=True):
        if word is None:
            assert row.keys() & {"request_hash", "request"} == set()
            assert row["bqb_null_column"] == "word"
            continue
        sent = f"<{words}>: {word}", "Be brief." if system is None else system
        assert row["request"]["contents"] == [{"role": "user", "parts": [{"text": sent[0]}]}]
        assert row["request"]["systemInstruction"] == {"parts": [{"text": sent[1]}]}
        assert hashes.setdefault(sent, row["request_hash"]) == row["request_hash"]
    assert len(set(hashes.values())) == len(hashes)


def rendered(template: str, known: Mapping[str, Any]) -> str:
    return sqlfiles.render(template, **{name: known[name] for name in sqlfiles.parameters_of(template)})


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


@few
@given(data=st.data())
def test_typed_columns_never_raise_and_say_the_same(data: st.DataObject, embedded: Embedded) -> None:
    ddl = data.draw(columns())
    output = parse_output(ddl, lambda at: Place("output", 1, at))
    texts = data.draw(st.lists(answer_to(output), min_size=15, max_size=25))
    returned = [response(str(number), {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]})
                for number, text in enumerate(texts)]  # fmt: skip
    answers, view = collected(returned, output, embedded)
    assert dict(view.columns)["key"] == "STRING"
    types = [(column.name, column.sql_type.replace("`", "")) for column in output]
    assert list(view.columns[1 : 1 + len(output)]) == types
    assert {row["outcome"] for row in answers.rows} <= {"ok", "invalid_json", "schema_mismatch"}
    for row in answers.rows:
        assert ("error" in row) == (row["outcome"] != "ok")
    for row in view.rows:
        if row["_outcome"] == "ok":
            for one in output:
                assert_holds(one, row.get(one.name))


def assert_holds(wanted: OutputColumn, value: Any) -> None:
    """A typed value of an answer that is ok keeps what its column asks."""
    if wanted.array:
        for check in wanted.checks:
            assert check.kind == "ARRAY_LENGTH" and len(value or []) <= int(check.value)
        for item in value or []:
            assert item is not None
            for field in wanted.fields:
                assert_holds(field, item[field.name])
    elif value is None:
        assert not wanted.required
    elif wanted.fields:
        for field in wanted.fields:
            assert_holds(field, value[field.name])
    else:
        for check in wanted.checks:
            assert kept(check, Decimal(value) if wanted.type == "NUMERIC" else value), (wanted, value)


def kept(check: Check, value: Any) -> bool:
    rules: dict[str, Callable[[Any], bool]] = {
        "IN": lambda limit: value in check.values, "LENGTH": lambda limit: len(value) <= limit,
        "=": lambda limit: value == limit, "!=": lambda limit: value != limit, ">": lambda limit: value > limit,
        ">=": lambda limit: value >= limit, "<": lambda limit: value < limit, "<=": lambda limit: value <= limit,
    }  # fmt: skip
    return rules[check.kind](check.value)


def response(key: str, said: Any, status: str | None = "") -> Row:
    return {"key": key, "response": said, "status": status, "processed_time": "2026-11-22T10:00:00+00:00"}


def collected(returned: list[Row], output: tuple[OutputColumn, ...], embedded: Embedded) -> tuple[Answer, Answer]:
    """The answers made of responses, and the view of them, which both engines give alike."""
    known = USUAL | {"output": output}
    keys = [{"key": key} for key in dict.fromkeys(row["key"] for row in returned)]
    said = []
    for engine in both(embedded):
        engine.fill("requests", REQUESTS, keys)
        engine.fill("responses", RESPONSES, returned)
        engine.fill("answers", ANSWERS, [])
        engine.make("new", rendered("responses/answers", known))
        engine.make("rows", PUBLISHED)
        view = rendered("responses/view", known | {"answers": DATASET.of("new")})
        said.append((engine.query(f"SELECT * FROM {DATASET.of('new')}"), engine.query(view)))
    assert said[0][0] == said[1][0]
    assert said[0][1] == said[1][1]
    return said[0]


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


@few
@given(
    returned=st.lists(st.tuples(st.integers(0, 20), any_response, any_status), min_size=15, max_size=25),
    ddl=st.none() | columns(1),
)
def test_a_response_of_any_shape_comes_to_one_outcome(
    returned: list[tuple[int, Any, str | None]], ddl: str | None, embedded: Embedded
) -> None:
    output = parse_output(ddl, lambda at: Place("output", 1, at)) if ddl else ()
    answers, view = collected([response(str(key), said, status) for key, said, status in returned], output, embedded)
    keys = {str(key) for key, _, _ in returned}
    assert Counter(row["request_hash"] for row in answers.rows) == Counter(keys)
    assert Counter(row["key"] for row in view.rows) == Counter(keys)
    assert {row["outcome"] for row in answers.rows} <= set(OUTCOMES) - {"missing", "pending", "skipped"}


# Faults, in any mixture.


@st.composite
def any_faults(draw: st.DrawFn, kinds: tuple[str, ...] = FAULTS) -> tuple[tuple[str, Decimal], ...]:
    """Faults with their shares, which are not more than all together."""
    names = draw(st.lists(st.sampled_from(kinds), unique=True, max_size=5))
    return tuple((name, Decimal(draw(st.integers(0, 100 // len(names)))) / 100) for name in names)


@few
@given(faults=any_faults(), ddl=columns(1), number=st.integers(1, 60))
def test_made_up_answers_with_any_faults_are_the_same_on_both_engines_and_lose_no_request(
    faults: tuple[tuple[str, Decimal], ...], ddl: str, number: int, embedded: Embedded
) -> None:
    output = parse_output(ddl, lambda at: Place("output", 1, at))
    keys = [hashlib.sha256(str(at).encode()).hexdigest() for at in range(number)]
    known = USUAL | {"output": output, "faults": faults}
    said = []
    for engine in both(embedded):
        engine.fill("requests", REQUESTS, [{"key": key, "request": {}} for key in keys])
        engine.fill("answers", ANSWERS, [])
        engine.make("responses", rendered("responses/simulated", known))
        late = rendered("responses/simulated", known | {"late": True})
        came, to_come = engine.query(rendered("responses/answers", known)), engine.query(late)
        said.append((came, to_come, engine.query(f"SELECT * FROM {DATASET.of('responses')}")))
    assert said[0] == said[1]
    assert Counter(row["request_hash"] for row in said[0][0].rows) == Counter(keys)
    outcomes = Counter(row["outcome"] for row in said[0][0].rows)
    possible = {"late": "missing", "429": "retryable", "500": "retryable", "503": "retryable", "400": "failed",
                "bad_json": "invalid_json", "schema": "schema_mismatch", "duplicate": "ok"}  # fmt: skip
    assert outcomes.keys() <= {"ok"} | {possible.get(name, name) for name, share in faults if share}


words = st.dictionaries(
    st.integers(1, 9), st.none() | st.sampled_from(["red", "it's", "two\nlines", '"', "日本"]), max_size=9
)
step = st.tuples(words, any_faults(), st.none() | st.integers(1, 4), st.booleans())


@settings(few, max_examples=5)
@given(steps=st.lists(step, min_size=2, max_size=3), last=words)
def test_no_row_is_lost_whatever_happens_between_runs(
    steps: list[tuple[Mapping[int, str | None], tuple[tuple[str, Decimal], ...], int | None, bool]],
    last: Mapping[int, str | None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = Folder.made(tmp_path_factory.mktemp("runs") / "project", monkeypatch, {"words.sql": WORDS})
    with folder.opened():
        for rows, faults, limit, refresh in [*steps, (last, (), None, True)]:
            folder.write(
                "words.jsonl", "".join(f"{json.dumps({'id': key, 'word': rows[key]})}\n" for key in rows) or EMPTY
            )
            spelled = ",".join(f"{name}:{share}" for name, share in faults)
            arguments = [*(["--limit", str(limit)] if limit else []), *(["--full-refresh"] if refresh else [])]
            result = folder.run("words.sql", "--simulate", spelled, *arguments)
            assert result["rows"] == sum(result["outcomes"].values()) == len(rows)
            assert result["requests"] <= (limit or len(rows))
            found = folder.query("SELECT key, word, _outcome FROM words ORDER BY key")
            assert {row["key"]: row["word"] for row in found} == dict(rows)
            assert Counter(row["_outcome"] for row in found) == Counter(result["outcomes"])
            assert {row["key"] for row in found if row["_outcome"] == "skipped"} == {k for k in rows if rows[k] is None}
        assert result["outcomes"].keys() <= {"ok", "skipped"}
        assert folder.left_behind() == set()
