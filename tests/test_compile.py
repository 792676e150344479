"""`bqbatch compile` prints what `run` does: GoogleSQL takes every statement, in order, and nothing else is printed."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bqbatch import sqlfiles
from bqbatch.listing import RUN_ID
from bqbatch.names import Dataset, RunObjects
from bqbatch.run.planner import Planner
from bqbatch.run.runner import Runner
from bqbatch.screen import Screen
from bqbatch.session import Session
from tests.oracle.catalog import Catalog
from tests.projects import Folder
from tests.recording import Loaded, Recording, Said

REVIEWS = Path(__file__).parent.parent / "examples" / "reviews"
PROMPTS = [path.name for path in sorted(REVIEWS.glob("*.sql")) if "{% prompt %}" in path.read_text("utf-8")]
DATASET = Dataset("llm")
PARAMETERS = dict.fromkeys(("run_id", "host", "event_id", "prompt", "event", "details"), "STRING") | dict.fromkeys(
    ("pid", "shard", "attempt"), "INT64"
)
# What a run looks up about itself and others before it changes anything, and `compile` does not print.
LOOKED_UP = (
    "ledger/latest", "ledger/holder", "ledger/uncollected", "ledger/open_runs", "ledger/pace", "plan/calibration",
    "plan/interval",
)  # fmt: skip


@functools.cache
def recorded(root: Path, name: str) -> list[Said | Loaded]:
    """What a run of an example says to its warehouse; the run's id stands as `compile` prints it."""
    shutil.copytree(REVIEWS, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".bqbatch"))
    session = Session.open(root / name, model="simulated")
    prompt = session.compile(root / name, {})
    warehouse = Recording(root / "recorded.duckdb", DATASET.path, [])
    service = session.service(prompt, warehouse, print)
    result = Runner(Planner(session.project, prompt, warehouse, Screen(quiet=True)), service).run()
    return [
        one if isinstance(one, Loaded) else replace(one, sql=one.sql.replace(result.run_id, RUN_ID))
        for one in warehouse.said
    ]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reviews")


@pytest.fixture
def folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder.made(root, monkeypatch)


def statements(folder: Folder, *arguments: str) -> list[str]:
    """What `compile` prints, in statements; nothing else is printed."""
    said = folder.say("compile", *arguments)
    assert (said.code, said.err) == (0, "")
    found = said.out.removesuffix(";\n").split(";\n\n")
    assert said.out == "".join(f"{sql};\n\n" for sql in found).removesuffix("\n")
    return found


@pytest.mark.parametrize(
    "arguments", [[], ["--model", "simulated"], ["--limit", "5", "--full-refresh", "--simulate", ""]], ids=" ".join
)
@pytest.mark.parametrize("name", PROMPTS)
def test_googlesql_takes_every_statement(folder: Folder, name: str, arguments: list[str]) -> None:
    seeds = [one for one in recorded(folder.root, name) if isinstance(one, Loaded)]
    catalog = Catalog({seed.table.strip("`"): seed.columns for seed in seeds})
    responses = RunObjects(DATASET, RUN_ID).responses(1, 1)  # is the service's to make
    catalog.take(f"CREATE TABLE {responses} AS\n{sqlfiles.render('responses/responses')}", {})
    for sql in statements(folder, name, *arguments):
        catalog.take(sql, PARAMETERS)


@pytest.mark.parametrize("name", PROMPTS)
def test_compile_prints_what_a_run_does_in_its_order(folder: Folder, name: str) -> None:
    compiled = statements(folder, name, "--model", "simulated")
    looked_up = {(sqlfiles.folder() / f"{file}.sql").read_text("utf-8").partition("\n")[0] for file in LOOKED_UP}
    said = [one.sql for one in recorded(folder.root, name) if isinstance(one, Said)]
    done = [sql for sql in said if sql.partition("\n")[0] not in looked_up]
    skipped = sqlfiles.render("requests/skipped", rows=RunObjects(DATASET, RUN_ID).rows)
    assert done == [sql for sql in compiled if sql in done or sql != skipped]  # asked where rows are skipped


def test_the_users_select_is_printed_verbatim(folder: Folder) -> None:
    folder.write("words.sql", "SELECT 1 AS key, -- why\n\t'x'   AS prompt , 2 as `two words`\n")
    printed = statements(folder, "words.sql")
    select = "SELECT 1 AS key, -- why\n\t'x'   AS prompt , 2 as `two words`"
    assert printed.count(select) == 1
    assert sum(f"FROM (\n{select}\n)" in sql for sql in printed) == 1


def test_columns_that_only_the_warehouse_knows_are_no_obstacle(folder: Folder) -> None:
    folder.write("words.sql", "SELECT *, {{ prompt('{word}') }} AS prompt FROM {{ source('data.words') }}")
    assert any("data.words" in sql for sql in statements(folder, "words.sql"))


@pytest.mark.parametrize(
    "arguments", [["compile", "sentiment.sql"], ["--help"], ["run", "--help"], ["--version"]], ids=" ".join
)
def test_nothing_heavy_is_imported_to_print_text(folder: Folder, arguments: list[str]) -> None:
    code = """if True:
        import sys
        before = set(sys.modules)  # namespaces that .pth files make
        from bqbatch.cli import main
        try:
            main(sys.argv[1:])
        except SystemExit as end:
            assert not end.code, end.code
        print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}), file=sys.stderr)
    """
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder.root, capture_output=True, text=True, check=True)
    imported = set(done.stderr.split())
    assert imported & {"google", "duckdb", "_duckdb", "rich", "pandas", "numpy", "pyarrow", "xllamacpp"} == set()
    assert ("sqlglot" in imported) == (arguments[0] == "compile")
