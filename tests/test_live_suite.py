"""The suite for Google Cloud (tests/live) comes to its end, here on the loopback server, and leaves nothing there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.names import Dataset
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.source import File
from bqbatch.run.ledger import Ledger
from bqbatch.warehouses import Statement
from tests.live.probes import NOT_ASKED, QUESTIONS
from tests.loopback.bigquery import BigQuery
from tests.loopback.http import Loopback
from tests.loopback.vertex import Vertex

OUTPUT = "kind STRING NOT NULL CHECK (kind IN ('animal', 'plant', 'other'))"
ROOT = Path(__file__).parent.parent


def pytest_says(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_the_live_suite_runs_to_its_end_and_leaves_what_was_there(tmp_path: Path) -> None:
    vertex = Vertex(BigQuery(tmp_path, "proj"), parse_output(OUTPUT, File("", OUTPUT, tmp_path).place))
    warehouse = vertex.bigquery.warehouse
    with Loopback({**vertex.bigquery.answers, **vertex.answers}) as server, warehouse.step():
        warehouse.execute(Statement(f"CREATE TABLE `llm.bqbatch_log` AS {sqlfiles.render('ledger/log')}", "log"))
        theirs = Ledger(Dataset("llm"), "20260101_000000_abcdef", "theirs").event("started")
        warehouse.execute(Statement("CREATE VIEW `llm.mine` AS SELECT 1 AS x", "mine"), theirs)
        code, said = pytest_says("--live", "--project", "proj", "--dataset", "llm", "--endpoint", server.url)
        assert code == 0, said
        assert "2 passed" in said
        for question, _ in (*QUESTIONS, NOT_ASKED):
            assert f"\n{question}\n  " in said
        assert "can't be told" not in said
        assert "refused: 409" in said  # the output table that is there
        assert warehouse.list_tables() == ("bqbatch_log", "mine")
        assert list(warehouse.read("SELECT prompt FROM bqbatch_log")) == [{"prompt": "theirs"}]
    assert vertex.jobs == {}


def test_the_live_suite_is_off_unless_it_is_asked_for() -> None:
    code, said = pytest_says("tests/live", "--collect-only", "-q")
    assert code == 5, said  # nothing was collected
    code, said = pytest_says("--live")
    assert code == 4
    assert "--live needs --project P and --dataset D" in said
