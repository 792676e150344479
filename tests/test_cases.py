"""Every folder under tests/cases/<kind> is a case: its inputs as files, and what both engines must make of them.

`expect.jsonl` is what the kind's first template gives, `expect.<name>.jsonl` another one's. A column that is NULL is
left out of its line, so that null in a JSON column is JSON's; `case.json` holds parameters that are not the usual
ones. `pytest --rewrite` writes what GoogleSQL says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch import sqlfiles
from bqbatch.errors import Place
from bqbatch.prices import UNKNOWN, Price
from bqbatch.prompt.compile import CompiledPrompt, compile_prompt
from bqbatch.prompt.output import OutputColumn
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.settings import Settings
from bqbatch.services.developer.rewrite import RULES
from tests.engines import DATASET, Embedded, Engine, Judge, read_rows, write_rows

CASES = Path(__file__).parent / "cases"
FOLDER = sqlfiles.folder()
USUAL: dict[str, Any] = {
    **{name: DATASET.of(name) for name in ("rows", "queue", "requests", "responses", "answers", "runs", "view")},
    "model": "simulated",
    "max_attempts": 3,
    "ranked": False,
    "most": 65_536,
    "full_refresh": False,
    "retry": (),
    "columns": (),
    "where": "",
    "limit": 0,
    "run_id": "run1",
    "job": "run1_1_1",
    "complete": True,
    "price": UNKNOWN,
    "input_price": "NULL",
    "output_price": "NULL",
    "ratio": "1",
    "size": 3,
    "faults": [],
    "late": False,
    "text_likely": 300,
    "thoughts_likely": 0,
    "thoughts_most": None,
}
ANSWERS, RESPONSES = sqlfiles.render("ledger/answers"), sqlfiles.render("responses/responses")
LINES = "SELECT 1 AS line_id, '' AS file, 1 AS number, CAST('' AS BYTES) AS line LIMIT 0"
REQUESTS = f"SELECT request_hash AS key, request FROM (\n{ANSWERS}\n)"


@dataclass(frozen=True, slots=True)
class Queries:
    """What can be expected of a case: SQL by template, the kind's own first; and SQL whose every row is wrong."""

    templates: dict[str, str]
    wrong: tuple[str, ...] = ()


class Case:
    """One folder: its files, and SQL with its parameters."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        file = folder / "case.json"
        said = json.loads(file.read_text("utf-8"), parse_float=Decimal) if file.exists() else {}
        if "price" in said:
            said["price"] = Price.of_json(json.dumps(said["price"]))
        self.parameters = USUAL | {"output": output_of(folder)} | said

    def sql(self, template: str, **more: Any) -> str:
        known = self.parameters | more
        return sqlfiles.render(template, **{name: known[name] for name in sqlfiles.parameters_of(template)})

    def rows(self, name: str) -> list[dict[str, Any]]:
        return read_rows(self.folder / name)


def output_of(folder: Path) -> tuple[OutputColumn, ...]:
    file = folder / "output.ddl"
    return parse_output(file.read_text("utf-8"), lambda _: Place(str(file), 1, 1)) if file.exists() else ()


def compiled(folder: Path) -> CompiledPrompt:
    return compile_prompt(folder / "prompt.sql", folder, DATASET, {}, Settings(name="case"))


def requests(case: Case, engine: Engine) -> Queries:
    """prompt.sql, its seeds, answers.jsonl: the snapshot, beside each row the request that is asked for it."""
    prompt = compiled(case.folder)
    for seed in prompt.seeds:
        engine.load(seed.path, seed.table)
    columns = engine.columns(prompt.select)
    asked, form = prompt.asked_columns(columns), prompt.form(columns)
    known = {"select": prompt.select, "asked": asked, "form": form, "envelope": prompt.envelope,
             "has_system": "system" in asked}  # fmt: skip
    engine.make("rows", case.sql("requests/rows", **known))
    engine.fill("answers", ANSWERS, case.rows("answers.jsonl"))
    engine.make("queue", case.sql("requests/queue", **known))
    engine.make("ranked", case.sql("requests/queue", **known, ranked=True))
    snapshot = case.sql("requests/published")
    joined = f"LEFT JOIN {DATASET.of('queue')} AS asked ON asked.key = snapshot.request_hash"
    others = (
        "requests/counts", "requests/skipped", "requests/keys", "checks/key_is_null", "checks/key_is_repeated",
        "plan/shared", "plan/spared",
    )  # fmt: skip
    return Queries(
        {
            "requests/published": f"SELECT snapshot.*, asked.request FROM (\n{snapshot}\n) AS snapshot\n{joined}",
            **{name: case.sql(name) for name in others},
            "requests/fitting": case.sql(
                "requests/fitting",
                queue=DATASET.of("ranked"),
                answers=None,
                first=1,
                last=3,
                price=Price(Decimal("0.15"), Decimal("1.25")),
                ratio="1.25",
                left="0.17",
                tokens=1_000_000,
                size=1_000_000,
            ),
            "checks/first": case.sql("checks/first", check=case.sql("checks/key_is_repeated"), limit=1),
        },
        (
            f"""
            SELECT ranked.key, whole.key AS unranked, position, ROW_NUMBER() OVER (ORDER BY ranked.key) AS place
            FROM {DATASET.of("ranked")} AS ranked
            FULL JOIN {DATASET.of("queue")} AS whole ON whole.key = ranked.key
            QUALIFY position IS NULL OR unranked IS NULL OR position != place
        """,
        ),
    )


def responses(case: Case, engine: Engine) -> Queries:
    """responses.jsonl, requests.jsonl where more or less was asked, answers.jsonl: the answers, and the view of them."""
    returned = case.rows("responses.jsonl")
    asked = case.rows("requests.jsonl") or [{"key": key} for key in dict.fromkeys(row["key"] for row in returned)]
    engine.fill("requests", REQUESTS, asked)
    engine.fill("responses", RESPONSES, returned)
    engine.fill("answers", ANSWERS, case.rows("answers.jsonl"))
    engine.make("new", case.sql("responses/answers"))
    collected = new = DATASET.of("new")
    if case.rows("answers.jsonl"):
        engine.make("collected", f"SELECT * FROM {DATASET.of('answers')} UNION ALL SELECT * FROM {new}")
        collected = DATASET.of("collected")
    if (case.folder / "expect.view.jsonl").exists():
        engine.make(
            "rows",
            f"SELECT key, key AS request_hash, '' AS bqb_null_column, 1 AS bqb_shared FROM {DATASET.of('requests')}",
        )
    one_outcome = case.sql("checks/request_has_other_than_one_outcome", answers=collected)
    wrong = [one_outcome] if case.parameters["complete"] else []
    if case.rows("answers.jsonl"):
        wrong += [case.sql("responses/answers", answers=collected)]  # nothing is collected twice
    return Queries(
        {
            "responses/answers": f"SELECT * FROM {new}",
            "responses/unanswered": case.sql("responses/unanswered"),
            "responses/view": case.sql("responses/view", answers=collected),
            "checks/response_was_not_asked": case.sql("checks/response_was_not_asked"),
            "checks/request_has_other_than_one_outcome": one_outcome,
        },
        tuple(wrong),
    )


def simulated(case: Case, engine: Engine) -> Queries:
    """requests.jsonl and answers.jsonl: the responses that a made-up model gives; with queue.jsonl, in a rehearsal."""
    queued = case.rows("queue.jsonl")
    engine.fill("queue", "SELECT '' AS key, 1 AS input_tokens, 1 AS most_output_tokens LIMIT 0", queued)
    queue = DATASET.of("queue") if queued else None
    engine.fill("requests", REQUESTS, case.rows("requests.jsonl"))
    engine.fill("answers", ANSWERS, case.rows("answers.jsonl"))
    late = case.sql("responses/late", late=case.sql("responses/simulated", queue=queue, late=True))
    return Queries({"responses/simulated": case.sql("responses/simulated", queue=queue), "responses/late": late})


def view(case: Case, engine: Engine) -> Queries:
    """rows.sql, which makes the snapshot, and answers.jsonl: the view, and what is told of it and of the answers."""
    rows = (case.folder / "rows.sql").read_text("utf-8")
    engine.make("working", f"SELECT *, '' AS bqb_prompt, '' AS bqb_system FROM (\n{rows})")
    engine.make("rows", case.sql("requests/published", rows=DATASET.of("working")))
    engine.fill("answers", ANSWERS, case.rows("answers.jsonl"))
    engine.make("view", case.sql("responses/view"))
    engine.make("usage", case.sql("usage/usage"))
    usages = [("case", DATASET.of("usage"))]
    others = ("responses/errors", "responses/summary", "responses/show", "usage/usage", "usage/run")
    return Queries(
        {
            "responses/view": f"SELECT * FROM {DATASET.of('view')}",
            **{name: case.sql(name, limit=3, job=None) for name in others},
            "usage/total": case.sql("usage/total", usages=usages, by="run_id"),
        },
        (case.sql("checks/row_is_not_once_in_view"),),
    )


def plan(case: Case, engine: Engine) -> Queries:
    """queue.jsonl, answers.jsonl, and rows.jsonl where not all answers are to its rows: what the queue will take."""
    answers = case.rows("answers.jsonl")
    rows = case.rows("rows.jsonl") or [{"request_hash": row["request_hash"]} for row in answers]
    engine.fill("queue", "SELECT '' AS key, 1 AS input_tokens LIMIT 0", case.rows("queue.jsonl"))
    engine.fill("answers", ANSWERS, answers)
    engine.fill("rows", "SELECT '' AS request_hash LIMIT 0", rows)
    engine.make("runs", "SELECT 'run1' AS run_id, 'simulated' AS model UNION ALL SELECT 'run2', 'another'")
    return Queries({name: case.sql(name) for name in ("plan/interval", "plan/sample")})


def lines(case: Case, engine: Engine) -> Queries:
    """requests.jsonl: the lines that the Developer API takes of them, read as JSON, and what the rules did."""
    engine.fill("requests", REQUESTS, case.rows("requests.jsonl"))
    rules = RULES.among(row["field"] for row in engine.query(case.sql("developer/fields", rules=RULES)).rows)
    made = case.sql("developer/lines", rules=rules)
    return Queries(
        {
            "developer/lines": f"SELECT key, PARSE_JSON(line, wide_number_mode => 'round') AS line, refused FROM (\n{made}\n)",
            "developer/rewritten": case.sql("developer/rewritten", rules=rules),
            "developer/refused": case.sql("developer/refused", lines=made, limit=1),
        },
        (f"SELECT key FROM (\n{made}\n) WHERE (line IS NULL) = (refused IS NULL) OR STRPOS(line, '\\n') > 0",),
    )


def results(case: Case, engine: Engine) -> Queries:
    """lines.jsonl, lines of result files: what they say, the answers that this comes to, and what is kept of the others."""
    engine.fill("lines", LINES, case.rows("lines.jsonl"))
    refused = "SELECT '' AS key, '' AS refused LIMIT 0"
    known = {"lines": DATASET.of("lines"), "results": DATASET.of("results"), "refused": refused, "limit": 5}
    engine.make("results", case.sql("developer/results", **known))
    engine.make("responses", case.sql("developer/responses", **known))
    engine.make("requests", f"SELECT key, JSON '{{}}' AS request FROM {DATASET.of('responses')} GROUP BY key")
    engine.fill("answers", ANSWERS, [])
    answers = case.sql("responses/answers")
    return Queries(
        {
            "developer/results": f"SELECT * FROM {DATASET.of('results')}",
            "responses/answers": answers,
            "developer/rejected": case.sql("developer/rejected", **known),
            "developer/rejects": case.sql("developer/rejects", **known),
        }
    )


def imports(case: Case, engine: Engine) -> Queries:
    """results.jsonl, queue.jsonl, later.jsonl (what a later run asks), answers.jsonl: what is stored for which run."""
    engine.fill("results", case.sql("developer/results", lines=f"({LINES})"), case.rows("results.jsonl"))
    for name in ("queue", "later"):
        engine.fill(name, "SELECT '' AS key LIMIT 0", case.rows(f"{name}.jsonl"))
    engine.fill("answers", ANSWERS, case.rows("answers.jsonl"))
    queue, later, answers = (DATASET.of(name) for name in ("queue", "later", "answers"))
    known = {"results": DATASET.of("results"), "matches": DATASET.of("matches"), "queues": [queue, later], "limit": 9}
    known |= {"turn": 1, "jobs": ["run1_1_1", "run1_1_3"]}
    runs = [("run1", queue, [later], answers), ("run2", later, [], answers)]
    engine.make("matches", case.sql("developer/matches", **known, runs=runs))
    return Queries(
        {
            "developer/matches": f"SELECT * FROM {DATASET.of('matches')}",
            "developer/matched": case.sql("developer/matched", **known),
            "developer/counts": case.sql("developer/counts", **known),
            "developer/found": case.sql("developer/found", **known, runs=[("run1", queue), ("run2", later)]),
            "developer/unknown": case.sql("developer/unknown", **known | {"answers": [answers]}),
            "developer/unanswered": case.sql("developer/unanswered"),
            "developer/attempt": case.sql("developer/attempt"),
            "developer/imported": case.sql("developer/imported", **known),
        }
    )


KINDS: dict[str, Callable[[Case, Engine], Queries]] = {
    "imports": imports, "lines": lines, "plan": plan, "requests": requests, "responses": responses, "results": results,
    "simulated": simulated, "view": view,
}  # fmt: skip
FOLDERS = [folder for kind in KINDS for folder in sorted((CASES / kind).iterdir())]


def expectations(folder: Path, templates: list[str]) -> dict[Path, str]:
    """The files of a case that expect something, with the template each is of."""
    named = {folder / f"expect.{template.rpartition('/')[2]}.jsonl": template for template in templates}
    return {folder / "expect.jsonl": templates[0]} | {file: name for file, name in named.items() if file.exists()}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded") / "warehouse.duckdb")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_both_engines_give_what_the_case_expects(folder: Path, embedded: Embedded, rewrite: bool) -> None:
    case, kind, judge = Case(folder), KINDS[folder.parent.name], Judge()
    queries = kind(case, judge)
    files = expectations(folder, list(queries.templates))
    assert files.keys() == {folder / "expect.jsonl", *folder.glob("expect*.jsonl")}, "an expectation of no template"
    said = {file: judge.query(queries.templates[template]) for file, template in files.items()}
    for file, answer in said.items():
        if rewrite:
            write_rows(file, answer.rows)
        assert answer.rows == read_rows(file), f"{file.name}: GoogleSQL"
    assert kind(case, embedded) == queries
    for file, template in files.items():
        answer = embedded.query(queries.templates[template])
        assert answer.rows == said[file].rows, f"{file.name}: the embedded warehouse"
        assert answer.columns == said[file].columns, f"{file.name}: types of the embedded warehouse"
    for sql in queries.wrong:
        assert (judge.query(sql).rows, embedded.query(sql).rows) == ([], [])


@pytest.mark.parametrize("folder", sorted((CASES / "results").iterdir()), ids=lambda folder: folder.name)
def test_a_result_comes_to_the_outcome_its_key_is_named_for(folder: Path) -> None:
    found = {row["request_hash"]: row["outcome"] for row in read_rows(folder / "expect.answers.jsonl")}
    assert {key: outcome for key, outcome in found.items() if key} == {
        key: key.partition(":")[0] for key in found if key
    }
    lines = {row["number"] for row in read_rows(folder / "lines.jsonl") if row["line"].strip(" \t\r\ufeff")}
    assert {row["number"] for row in read_rows(folder / "expect.jsonl")} == lines


@pytest.mark.parametrize("folder", sorted((CASES / "responses").iterdir()), ids=lambda folder: folder.name)
def test_a_request_comes_to_the_outcome_it_is_named_for(folder: Path) -> None:
    asked = {
        row.get("key", "") for row in read_rows(folder / "requests.jsonl") or read_rows(folder / "responses.jsonl")
    }
    named = {key: key.partition(":")[0] for key in asked if ":" in key}
    assert {row["request_hash"]: row["outcome"] for row in read_rows(folder / "expect.jsonl")} == named


@pytest.mark.parametrize("folder", sorted((CASES / "requests").iterdir()), ids=lambda folder: folder.name)
def test_a_hash_is_over_the_model_and_the_request_without_its_output_cap(folder: Path) -> None:
    envelope, model = compiled(folder).envelope, Case(folder).parameters["model"]
    for row in read_rows(folder / "expect.jsonl"):
        if "request" not in row:
            continue
        asked, prompt = row["request"], compiled(folder)
        form = prompt.form(prompt.columns or ())
        if form == "request":
            text = json_text(asked)
        else:
            turns = asked["contents"]
            mine = '[{"role":"user","parts":' + json_text(turns[0]["parts"]) + "}]"
            text = '{"contents":' + (json_text(turns) if form == "contents" else mine)
            if system := asked.get("systemInstruction"):
                text += ',"systemInstruction":' + json_text(system)
            text += envelope.closing
            asked.get("generationConfig", {}).pop("maxOutputTokens", None)
            asked.pop("labels", None)
        assert json.loads(text) == asked
        if "sampled" in row:
            text += f"\nsample {row['sampled']}"
        assert row["request_hash"] == hashlib.sha256(f"{model}\n{text}".encode()).hexdigest()


def json_text(value: Any) -> str:
    """JSON text as TO_JSON_STRING writes it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
