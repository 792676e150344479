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
from bqbatch.prompt.output import Check, OutputColumn
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.settings import Settings
from bqbatch.run.result import OUTCOMES
from tests.engines import DATASET, Answer, Embedded, Engine, Judge
from tests.projects import Folder
from tests.strategies import answer_to, any_faults, any_response, any_status, any_text, columns, template_text
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
    derandomize=True, database=None, deadline=None, max_examples=6, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded") / "warehouse.duckdb")


def both(embedded: Embedded) -> tuple[Engine, Engine]:
    return Judge(), embedded


FORMS = {
    "prompt": "{% prompt %}{% raw %}<WORDS>{% endraw %}: {word}{% endprompt %} AS prompt",
    "parts": "{% prompt %}{% raw %}<WORDS>{% endraw %}: {word}{{ file('gs://b/{word}', 'image/png') }}{% endprompt %} AS parts",
}


@pytest.mark.parametrize("form", FORMS)
@few
@given(
    rows=st.lists(st.tuples(st.none() | any_text, st.none() | any_text), min_size=1, max_size=25),
    words=any_text.map(template_text),
)
def test_a_request_gives_any_text_back(
    rows: list[tuple[str | None, str | None]],
    words: str,
    form: str,
    embedded: Embedded,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("prompt")
    asks = FORMS[form].replace("WORDS", words.replace("{", "\\{"))
    for_all = "{% system %}Be brief.{% endsystem %}"
    select = f"SELECT id AS key, word, system, {asks} FROM {{{{ source('llm.source') }}}}"
    (folder / "prompt.sql").write_text(f"{for_all}\n{select}", "utf-8", newline="")
    prompt = compile_prompt(folder / "prompt.sql", folder, DATASET, {}, Settings(max_output_tokens=9))
    asked = prompt.asked_columns(prompt.columns or ())
    known = USUAL | {
        "select": prompt.select,
        "asked": asked,
        "form": form,
        "envelope": prompt.envelope,
        "has_system": True,
    }
    source = [{"id": number, "word": word, "system": system} for number, (word, system) in enumerate(rows)]
    said = []
    for engine in both(embedded):
        engine.fill("source", SOURCE, source)
        engine.fill("answers", ANSWERS, [])
        engine.make("rows", rendered("requests/rows", known))
        engine.make("requests", rendered("requests/queue", known))
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
        file = {"fileData": {"fileUri": f"gs://b/{word}", "mimeType": "image/png"}}
        parts = [{"text": sent[0]}, *([file] if form == "parts" else [])]
        assert row["request"]["contents"] == [{"role": "user", "parts": parts}]
        assert row["request"]["systemInstruction"] == {"parts": [{"text": sent[1]}]}
        assert hashes.setdefault(sent, row["request_hash"]) == row["request_hash"]
    assert len(set(hashes.values())) == len(hashes)


def rendered(template: str, known: Mapping[str, Any]) -> str:
    return sqlfiles.render(template, **{name: known[name] for name in sqlfiles.parameters_of(template)})


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
    assert [(name, kind.replace("`", "")) for name, kind in view.columns[1 : 1 + len(output)]] == types
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


@few
@given(
    returned=st.lists(st.tuples(st.integers(0, 20), any_response, any_status), min_size=15, max_size=25),
    ddl=st.none() | columns(0),
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


@few
@given(faults=any_faults(), ddl=columns(0), number=st.integers(1, 60))
def test_made_up_answers_with_any_faults_are_the_same_on_both_engines_and_lose_no_request(
    faults: tuple[tuple[str, Decimal], ...], ddl: str, number: int, embedded: Embedded
) -> None:
    output = parse_output(ddl, lambda at: Place("output", 1, at))
    keys = [hashlib.sha256(str(at).encode()).hexdigest() for at in range(number)]
    known = USUAL | {"output": output, "faults": faults, "queue": None}
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


@settings(few, max_examples=3)
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
