"""Every statement that bqbatch says to its warehouse is one that BigQuery takes, and makes the columns it promises.

Prompt files are run by the command line, on the embedded warehouse; what it was asked is judged in that order, each
statement against the tables that those before it made. The prompt files are those of tests/cases/requests, and the
cases under tests/cases/runs: their files, and in `commands` what is called, one a line.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from bqbatch import sqlfiles
from bqbatch.googlesql import Columns
from bqbatch.names import Dataset, PromptObjects
from bqbatch.prompt.compile import ASKED, VIEW_COLUMNS
from bqbatch.run import flight
from bqbatch.run.ledger import Claim, Ledger
from bqbatch.session import Session
from bqbatch.warehouses import Statement
from tests.casefile import make_files, read_case
from tests.clouds import Cloud
from tests.developers import Api
from tests.loopback.http import Call
from tests.oracle.bigquery import refused
from tests.oracle.catalog import Catalog, path_of
from tests.oracle.googlesql import googlesql
from tests.projects import Folder
from tests.recording import Loaded, Said, record

CASES = Path(__file__).parent / "cases"
REQUESTS = sorted(file.parent for file in CASES.glob("requests/*/prompt.sql"))
RUNS = sorted(CASES.glob("runs/*.case"))
EVERY_FILE = CASES / "runs" / "every_file.case"
RUN_ID = re.compile(r"\d{8}_\d{6}_[0-9a-f]{6}")

WAREHOUSE = Session.warehouse

TABLES = {"llm.t": {"a": "INT64", "b": "STRING", "j": "JSON"}, "t": {"a": "INT64"}}

# What DESIGN promises. The view's come after the carried and the output columns.
TEXT, COUNT, DOLLARS = "STRING", "INT64", "NUMERIC"
VIEW = dict.fromkeys(VIEW_COLUMNS, TEXT) | dict.fromkeys(("_input_tokens", "_output_tokens", "_thought_tokens"), COUNT)
VIEW |= {"_cost_usd": DOLLARS}
ANSWERS = (
    dict.fromkeys(("request_hash", "status", "outcome", "run_id", "model"), TEXT)
    | dict.fromkeys(("request", "response", "answer"), "JSON")
    | dict.fromkeys(("attempt", "input_tokens", "output_tokens", "thought_tokens", "cached_tokens"), COUNT)
    | {"input_price": DOLLARS, "output_price": DOLLARS, "cached_price": DOLLARS, "processed_time": "TIMESTAMP"}
)
KEYS = dict.fromkeys(("run_id", "key", "request_hash"), TEXT)
USAGE = (
    {"run_id": TEXT, "model": TEXT, "day": "DATE", "outcome": TEXT, "requests": COUNT}
    | dict.fromkeys(("input_tokens", "output_tokens", "thought_tokens", "cached_tokens"), COUNT)
    | {"cost_usd": DOLLARS}
)
LOG = dict.fromkeys(("event_id", "run_id", "prompt", "event"), TEXT) | {
    "shard": COUNT, "attempt": COUNT, "time": "TIMESTAMP", "details": "JSON",
}  # fmt: skip


def judge(said: Iterable[Said | Loaded]) -> tuple[Catalog, dict[str, Columns]]:
    """The tables after all that was said, and the columns of the prompts' SELECTs; fails at what is not taken."""
    catalog, selects = Catalog(), {}
    numbers: dict[str, str] = {}

    def told_apart(sql: str) -> str:  # by number, run ids are the same in every test, and most statements too
        return RUN_ID.sub(lambda found: numbers.setdefault(found[0], f"run{len(numbers)}"), sql)

    for one in said:
        if isinstance(one, Loaded):
            catalog.tables[told_apart(one.table.strip("`"))] = one.columns
            continue
        columns = catalog.take(told_apart(one.sql), one.parameters)
        if one.planned:
            selects[one.sql] = columns
    return catalog, selects


def assert_promised(file: Path, catalog: Catalog, selects: Mapping[str, Columns]) -> None:
    """What a prompt leaves in its dataset has the names and the types of DESIGN."""
    session = Session.open(file)
    prompt = session.compile(file, {})
    path = session.project.target.dataset.path
    made = {name.removeprefix(f"{path}.{prompt.name}"): dict(columns) for name, columns in catalog.tables.items()}
    carried = {name: kind for name, kind in selects[prompt.select] if name.lower() not in ASKED}
    output = {column.name: column.sql_type for column in prompt.output} or {"answer": TEXT}
    view = carried | output | VIEW
    assert list(unquoted(made[""]).items()) == list(unquoted(view).items())
    assert list(made["__rows"].items())[: len(carried)] == list(carried.items())
    assert made["__rows"].items() - carried.items() == {
        ("request_hash", TEXT), ("bqb_null_column", TEXT), ("bqb_shared", COUNT),
    }  # fmt: skip
    assert made["__answers"].items() >= ANSWERS.items()
    assert made["__keys"] == KEYS
    assert made["__errors"] == {name: view[name] for name in made["__errors"]}
    assert made["__errors"].keys() >= {"key", "_outcome", "_error"}
    assert made["__usage"] == USAGE
    assert catalog.tables[f"{path}.bqbatch_log"] == LOG


def unquoted(columns: Mapping[str, str]) -> dict[str, str]:
    """Columns whose fields stand without backticks: some quote each name, some where it is needed."""
    return {name: kind.replace("`", "") for name, kind in columns.items()}


def assert_alike(folder: Folder, catalog: Catalog) -> None:
    """The embedded warehouse has the tables and columns that GoogleSQL says it has."""
    tables = {path: table for path in catalog.tables if (table := folder.warehouse.describe(f"`{path}`"))}
    assert {path: {column.name: column.type for column in table.columns} for path, table in tables.items()} == {
        path: dict(columns) for path, columns in catalog.tables.items()
    }


def run_case(case: Path, folder: Folder) -> list[str]:
    """Carries out the commands of a case; returns them."""
    sections = read_case(case)
    make_files(folder.root, sections, {"commands"})
    commands = sections["commands"].splitlines()
    for line in commands:
        done = folder.say(*shlex.split(line))
        assert done.code == 0, f"{line}: {done.err}"
    return commands


def run_prompt(case: Path, folder: Folder) -> list[str]:
    """Runs the prompt of a case of requests; those that show an error stop where they meet it."""
    shutil.copytree(case, folder.root, dirs_exist_ok=True)
    done = folder.say("run", "prompt.sql")
    assert done.code == ("wrong" in case.name), done.err
    return ["run prompt.sql"] if done.code == 0 else []


@pytest.mark.parametrize("case", [*REQUESTS, *sorted({*RUNS} - {EVERY_FILE})], ids=lambda case: case.stem)
def test_bigquery_takes_what_a_run_says_and_it_makes_what_is_promised(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said = Folder.made(tmp_path, monkeypatch), record(monkeypatch)
    with folder.opened():
        commands = run_prompt(case, folder) if case.is_dir() else run_case(case, folder)
        catalog, selects = judge(said)
        if commands:
            assert_alike(folder, catalog)
    for file in {word for line in commands for word in line.split() if word.endswith(".sql")}:
        assert_promised(tmp_path / file, catalog, selects)


def test_every_file_under_sql_is_reached_and_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, said = Folder.made(tmp_path, monkeypatch), record(monkeypatch)
    monkeypatch.setattr(flight, "_RENEW_SECONDS", 0)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with folder.opened():
        make_files(tmp_path, read_case(EVERY_FILE), {"commands"})
        Session.open(tmp_path).warehouse().execute(claim_of(gone.pid))
        run_case(EVERY_FILE, folder)
    judge(said)
    said += in_the_cloud(tmp_path / "cloud", monkeypatch, "STRING") + at_the_api(tmp_path / "api", monkeypatch)
    spoken = {line for one in said if isinstance(one, Said) for line in one.sql.splitlines()}
    files = {file.relative_to(sqlfiles.folder()): file for file in sqlfiles.folder().glob("[!m]*/*.sql")}
    first_lines = {name: file.read_text("utf-8").partition("\n")[0] for name, file in files.items()}
    assert len(set(first_lines.values())) == len(files)
    unspoken = {str(name) for name, line in first_lines.items() if line not in spoken}
    assert unspoken == set(), f"add it to {EVERY_FILE}"


@pytest.mark.parametrize("response", ["JSON", "STRING"])
def test_bigquery_takes_what_it_is_sent(response: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(in_the_cloud(tmp_path, monkeypatch, response))


def in_the_cloud(root: Path, monkeypatch: pytest.MonkeyPatch, response: str) -> list[Said | Loaded]:
    """What BigQuery is sent by a run that is left, and of which a job fails, and by those who take it up."""
    root.mkdir(exist_ok=True)
    with monkeypatch.context() as patch, Cloud.opened(root, patch) as cloud:
        patch.setattr(Session, "warehouse", WAREHOUSE)
        cloud.configure(shard_size=2, in_flight=1)
        cloud.vertex.fails, cloud.vertex.answers_of_failed, cloud.vertex.gives_text = 1, 1, response == "STRING"
        assert cloud.say("run", "words.sql", "--detach").code == 0
        for command in ("collect", "resume", "status", "history"):
            assert cloud.say(command).code == 0
        return [one for call in cloud.server.calls for one in sent(call, response)]


def test_bigquery_takes_what_is_said_on_the_developer_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(at_the_api(tmp_path, monkeypatch))


def at_the_api(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Said | Loaded]:
    """What the warehouse is asked by a sample, a run and an export on the developer target, with requests that are refused."""
    root.mkdir(exist_ok=True)
    with monkeypatch.context() as patch, Api.opened(root, patch) as api:
        said = record(patch)
        api.folder.write("files.sql", FILES)
        for command in ("sample words.sql -n 1", "export files.sql -o out", "run files.sql", "doctor files.sql"):
            assert api.say(*shlex.split(command)).code == 0, command
        return said


def sent(call: Call, response: str) -> Iterator[Said | Loaded]:
    """The statement in a call to BigQuery, or the table that a call makes: of a seed, or of responses."""
    body = call.body if isinstance(call.body, dict) else {}
    configuration = body.get("configuration", {})
    if asked := configuration.get("query") or (body if call.method == "bigquery.jobs.query" else None):
        parameters = {each["name"]: each["parameterType"]["type"] for each in asked.get("queryParameters", [])}
        yield Said(asked["query"].replace("proj.llm", "llm"), parameters, bool(configuration.get("dryRun")))
    elif call.method == "bigquery.jobs.insert":
        [seed] = re.findall(r'"tableId": ?"(seed_\w+)"', str(call.body))
        yield Loaded(f"llm.{seed}", {"id": "INT64", "word": "STRING"})
    elif call.method.endswith("batchPredictionJobs.create"):
        table = call.body["outputConfig"]["bigqueryDestination"]["outputUri"].removeprefix("bq://proj.")
        columns = {"key": "STRING", "request": "JSON", "response": response, "status": "STRING"}
        yield Loaded(table, columns | {"processed_time": "TIMESTAMP"})


FILES = """
{{ config(model = 'gemini-3.5-flash-lite', max_output_tokens = 100, labels = {'team': 'x'}) }}
SELECT id AS key, {% prompt %}What is in {{ file('{uri}', 'image/png') }}?{% endprompt %} AS parts
FROM (SELECT id, IF(id = 2, 'gs://bucket/it.png', 'https://youtu.be/x') AS uri FROM {{ seed('words.csv') }})
"""


def claim_of(pid: int) -> Statement:
    """The claim that a process left which was killed."""
    prompt = PromptObjects(Dataset("llm"), "words")
    taken = Claim.creation(prompt, Ledger(prompt.dataset, "20260102_030405_000000", prompt.prompt))
    return replace(taken, parameters={**taken.parameters, "pid": pid})


def test_a_run_says_as_much_for_many_rows_as_for_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BigQuery queues at most 1,500 changes of one table a day: how many a run makes does not depend on its rows."""
    folder = Folder.made(tmp_path, monkeypatch)
    numbers = "SELECT n AS key, {{ prompt('{n}') }} AS prompt FROM UNNEST(GENERATE_ARRAY(1, {{ var('n') }})) AS n"
    folder.write("few.sql", numbers)
    counts = []
    for number in (1, 2, 300):  # the first has no answers to look at
        said = record(monkeypatch)
        with folder.opened():
            assert folder.say("run", "few.sql", "--var", f"n={number}", "--simulate", "429:10%").code == 0
        counts.append(Counter(changed(one.sql) for one in said if isinstance(one, Said)))
    assert counts[1] == counts[2]
    assert max(counts[1][table] for table in counts[1] if table) == counts[1]["llm.bqbatch_log"] <= 10


def changed(sql: str) -> str:
    """The table that a statement adds rows to or changes, or nothing."""
    tree = sqlglot.parse_one(sql, dialect="bigquery")
    return path_of(tree.this) if isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge)) else ""


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t",
        "SELECT a FROM `llm.t` WHERE a IN (SELECT a FROM t)",
        "CREATE VIEW `llm.v` AS SELECT a FROM t",
        "SELECT PARSE_JSON(b) AS j FROM `llm.t`",
        "SELECT SAFE.PARSE_JSON(b, wide_number_mode => 'exact') AS j FROM `llm.t`",
        "SELECT ARRAY(SELECT a FROM `llm.t`) AS x",
        "SELECT ARRAY(SELECT a FROM (SELECT a FROM `llm.t` WHERE a > 1)) AS x",
        "SELECT [a, NULL] AS x FROM `llm.t`",
        "SELECT ARRAY_AGG(a) AS x FROM `llm.t`",
    ],
)
def test_what_bigquery_refuses_beyond_googlesql_is_found(sql: str) -> None:
    assert googlesql().analyze(sql, TABLES).error is None
    assert len(refused(sqlglot.parse_one(sql, dialect="bigquery"))) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM `llm.t` WHERE j = j",
        "SELECT a FROM `llm.t` WHERE j IN (j)",
        "SELECT DISTINCT j FROM `llm.t`",
        "SELECT COUNT(DISTINCT j) AS n FROM `llm.t`",
        "SELECT j FROM `llm.t` GROUP BY j",
        "SELECT MIN(j) AS j FROM `llm.t`",
        "SELECT a FROM `llm.t` ORDER BY j",
        "SELECT ROW_NUMBER() OVER (PARTITION BY j ORDER BY a) AS n FROM `llm.t`",
        "SELECT j FROM `llm.t` UNION DISTINCT SELECT j FROM `llm.t`",
        "SELECT 1 AS x FROM `llm.t` AS one JOIN `llm.t` AS other USING (j)",
        "SELECT DISTINCT STRUCT(j) AS s FROM `llm.t`",
        "CREATE VIEW `llm.v` AS SELECT @p AS x",
        "SELECT a FROM `llm.elsewhere`",
        "INSERT INTO `llm.t` SELECT 1",
    ],
)
def test_what_bigquery_refuses_is_refused_by_the_judge(sql: str) -> None:
    assert googlesql().analyze(sql, TABLES, {"p": "STRING"}).error


@pytest.mark.parametrize(
    "sql",
    [
        "WITH t AS (SELECT a FROM `llm.t`) SELECT a FROM t",
        "SELECT JSON '{}' AS j, SAFE.PARSE_JSON(b, wide_number_mode => 'round') AS k FROM `llm.t`",
        "SELECT 'PARSE_JSON(b) FROM t' AS b, ARRAY(SELECT a FROM `llm.t` WHERE a IS NOT NULL) AS x, [a, 1] AS y FROM `llm.t`",
        "SELECT ARRAY_AGG(a IGNORE NULLS ORDER BY a) AS x FROM `llm.t`",
    ],
)
def test_what_bigquery_takes_is_not_refused(sql: str) -> None:
    assert googlesql().analyze(sql, TABLES).error is None
    assert refused(sqlglot.parse_one(sql, dialect="bigquery")) == []
