"""Every folder under tests/cases/<kind> is a case: its inputs as files, and what both engines must make of them.

`expect.jsonl` is the kind's own template, `expect.<name>.jsonl` another of its templates. A column that is NULL is
left out of its line, so that null in a JSON column is JSON's; `case.json` holds parameters that are not the usual
ones. `pytest --rewrite` writes what GoogleSQL says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch import sqlfiles
from bqbatch.errors import Place
from bqbatch.prompt.compile import CompiledPrompt, compile_prompt
from bqbatch.prompt.output import OutputColumn, parse_output
from bqbatch.prompt.settings import Settings
from tests.engines import DATASET, Embedded, Engine, Judge, read_rows, write_rows

CASES = Path(__file__).parent / "cases"
TABLES = {name: DATASET.of(name) for name in ("rows", "requests", "responses", "answers", "view")}
USUAL: dict[str, Any] = TABLES | {
    "model": "simulated",
    "max_attempts": 3,
    "full_refresh": False,
    "limit": 0,
    "run_id": "run1",
    "job": "run1_1_1",
    "complete": True,
    "input_price": "NULL",
    "output_price": "NULL",
    "faults": [],
    "late": False,
}
NO_REQUESTS = f"SELECT request_hash AS key, request FROM (\n{sqlfiles.render('ledger/answers')}\n)"
Queries = dict[str, str]


class Case:
    """One folder: its parameters, and its SQL by template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        file = folder / "case.json"
        said = json.loads(file.read_text("utf-8"), parse_float=Decimal) if file.exists() else {}
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


# What each kind makes of its inputs: the tables in the engine, and the queries that have expectations.


def requests(case: Case, engine: Engine) -> Queries:
    """prompt.sql and its seeds, answers.jsonl: the snapshot, and beside each row the request it asks."""
    prompt = compiled(case.folder)
    for seed in prompt.seeds:
        engine.load(seed.path, seed.table)
    asked = prompt.asked_columns(engine.columns(prompt.select))
    known = {"select": prompt.select, "asked": asked, "envelope": prompt.envelope, "has_system": "system" in asked}
    engine.make("rows", case.sql("requests/rows", **known))
    engine.fill("answers", case.sql("ledger/answers"), case.rows("answers.jsonl"))
    engine.make("requests", case.sql("requests/requests", **known))
    snapshot = case.sql("requests/published")
    joined = f"LEFT JOIN {TABLES['requests']} AS asked ON asked.key = snapshot.request_hash"
    return {
        "requests/published": f"SELECT snapshot.*, asked.request FROM (\n{snapshot}\n) AS snapshot\n{joined}",
        "requests/counts": case.sql("requests/counts"),
        "requests/skipped": case.sql("requests/skipped"),
        "requests/keys": case.sql("requests/keys"),
    }


def responses(case: Case, engine: Engine) -> Queries:
    """responses.jsonl, and where that is not all that was asked requests.jsonl; answers.jsonl: the answers."""
    returned = case.rows("responses.jsonl")
    asked = case.rows("requests.jsonl") or [{"key": key} for key in dict.fromkeys(row["key"] for row in returned)]
    engine.fill("requests", NO_REQUESTS, asked)
    engine.fill("responses", case.sql("responses/responses"), returned)
    engine.fill("answers", case.sql("ledger/answers"), case.rows("answers.jsonl"))
    return {
        "responses/answers": case.sql("responses/answers"),
        "responses/unanswered": case.sql("responses/unanswered"),
    }


def simulated(case: Case, engine: Engine) -> Queries:
    """requests.jsonl and answers.jsonl: the responses that a made-up model gives."""
    engine.fill("requests", NO_REQUESTS, case.rows("requests.jsonl"))
    engine.fill("answers", case.sql("ledger/answers"), case.rows("answers.jsonl"))
    sql = case.sql("responses/simulated")
    return {"responses/simulated": sql, "responses/late": sqlfiles.render("responses/late", late=sql)}


def view(case: Case, engine: Engine) -> Queries:
    """rows.sql, which is the snapshot, and answers.jsonl: the view, and what is said of it and of the answers."""
    engine.make("rows", (case.folder / "rows.sql").read_text("utf-8"))
    engine.fill("answers", case.sql("ledger/answers"), case.rows("answers.jsonl"))
    engine.make("view", case.sql("responses/view"))
    return {
        "responses/view": case.sql("responses/view"),
        **{
            name: case.sql(name, limit=3)
            for name in ("responses/errors", "responses/summary", "responses/show", "usage/usage", "usage/run")
        },
    }


KINDS: dict[str, Callable[[Case, Engine], Queries]] = {
    "requests": requests, "responses": responses, "simulated": simulated, "view": view,
}  # fmt: skip
FOLDERS = [folder for kind in KINDS for folder in sorted((CASES / kind).iterdir())]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded") / "warehouse.duckdb")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_both_engines_give_what_the_case_expects(folder: Path, embedded: Embedded, rewrite: bool) -> None:
    case, judge = Case(folder), Judge()
    queries = KINDS[folder.parent.name](case, judge)
    assert KINDS[folder.parent.name](case, embedded) == queries
    files = expectations(folder, list(queries))
    assert files.keys() == {folder / "expect.jsonl", *folder.glob("expect*.jsonl")}, "an expectation of no template"
    for file, template in files.items():
        said = judge.query(queries[template])
        if rewrite:
            write_rows(file, said.rows)
        answered = embedded.query(queries[template])
        assert said.rows == read_rows(file), f"{file.name}: GoogleSQL"
        assert answered.rows == said.rows, f"{file.name}: the embedded warehouse"
        assert answered.columns == said.columns, f"{file.name}: types of the embedded warehouse"


def expectations(folder: Path, templates: list[str]) -> dict[Path, str]:
    """The files of a case that expect something, with the template each is of."""
    named = {folder / f"expect.{template.rpartition('/')[2]}.jsonl": template for template in templates}
    return {folder / "expect.jsonl": templates[0]} | {file: name for file, name in named.items() if file.exists()}


@pytest.mark.parametrize("folder", sorted((CASES / "responses").iterdir()), ids=lambda folder: folder.name)
def test_a_request_comes_to_the_outcome_it_is_named_for(folder: Path) -> None:
    asked = {row["key"] for row in read_rows(folder / "requests.jsonl") or read_rows(folder / "responses.jsonl")}
    named = {key: key.partition(":")[0] for key in asked if ":" in key}
    assert {row["request_hash"]: row["outcome"] for row in read_rows(folder / "expect.jsonl")} == named
