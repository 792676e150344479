"""GoogleSQL in DuckDB's words: how long a query of 200 lines takes to say, and how fast a run's own statements are so."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from bqbatch.run.script import Build, Script
from bqbatch.session import Session
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from bqbatch.warehouses.duckdb.translate import translate
from tests.bench.throughput import HERE, ROWS, source

QUERY = Path(__file__).with_suffix(".sql")


def seconds(times: int = 20) -> float:
    """The best of several translations, in seconds of this thread, so that other work on the machine counts little."""
    text = QUERY.read_text("utf-8")
    best = float("inf")
    for _ in range(times):
        start = time.thread_time()
        translate(text)
        best = min(best, time.thread_time() - start)
    return best


def ratios(folder: Path) -> Iterator[tuple[Any, ...]]:
    """Of what every row goes through, seconds by hand and translated: the best of three of each."""
    source(folder, ROWS)
    os.chdir(folder)
    session = Session.open(folder, None, "simulated")
    prompt = session.compile(folder / "throughput.sql", {})
    script = Script(prompt.name, session.project.target.dataset, "x", prompt.output, "simulated")
    build = Build(prompt, script, prompt.columns or ())
    by_hand = (HERE / "hand_written.sql").read_text("utf-8").split(";\n")
    warehouse = DuckDBWarehouse(folder / ".bqbatch/warehouse.duckdb", "llm")
    with warehouse._open() as connection:
        connection.execute("CREATE SCHEMA hand")
        warehouse.execute(*script.accounts())
        job = script.job()
        steps = (
            ("rows", by_hand[0], script.work.rows, build.rows()),
            ("requests", by_hand[1], job.requests, build.queue()),
        )
        for name, hand, table, statement in steps:
            ours = translate(statement.sql).statements[0]
            yield (
                name,
                *(
                    min(taken(connection, sql, made) for _ in range(3))
                    for sql, made in ((hand, f"hand.{name}"), (ours, table.replace("`", "")))
                ),
            )


def taken(connection: duckdb.DuckDBPyConnection, create: str, table: str) -> float:
    """Seconds that making a table takes."""
    connection.execute(f"DROP TABLE IF EXISTS {table}")
    start = time.perf_counter()
    connection.execute(create)
    return time.perf_counter() - start


def main() -> None:
    lines = QUERY.read_text("utf-8").count("\n")
    print(f"  {lines} lines        {seconds() * 1000:6.1f} ms (at most 100)")
    back = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        for what, hand, ours in ratios(Path(name)):
            print(f"  {what:<15}  {ours:6.2f} s   {ours / hand:.2f} x by hand (at most 1.3)")
        os.chdir(back)
