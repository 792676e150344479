"""350,000 distinct rows through a whole run, beside the same steps written by hand in DuckDB's SQL."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROWS = 350_000
VIEW = "SELECT sentiment, COUNT(*) AS n, AVG(score) AS score, SUM(ARRAY_LENGTH(topics)) AS topics FROM throughput GROUP BY sentiment"


def source(folder: Path, rows: int, changed: int = 0) -> None:
    """Makes `llm.source`: texts of about 160 characters, all distinct; the first `changed` differ from before."""
    import duckdb

    folder.joinpath(".bqbatch").mkdir(exist_ok=True)
    shutil.copy(HERE / "throughput.sql", folder)
    with duckdb.connect(str(folder / ".bqbatch/warehouse.duckdb")) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS llm")
        connection.execute(
            f"CREATE OR REPLACE TABLE llm.source AS SELECT i AS review_id, 'product ' || i % 97 AS product, i % 5 + 1 AS stars, "
            f"'review ' || i || CASE WHEN i < {changed} THEN ' again' ELSE '' END || ' ' || "
            f"repeat('words of ' || i % 89 || ' ', 12) AS review FROM range({rows}) t(i)"
        )


def measured(*arguments: str, folder: Path) -> tuple[float, float, str]:
    """Seconds, peak memory in MB, and the output of a bqbatch command in a process of its own."""
    code = (
        "import resource, runpy, sys, time\n"
        "start = time.perf_counter()\n"
        "try:\n    runpy.run_module('bqbatch', run_name='__main__')\n"
        "except SystemExit as e:\n    assert not e.code, e.code\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "print(f'\\n{time.perf_counter() - start} {peak}')"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    *output, numbers = done.stdout.rstrip().split("\n")
    seconds, peak = numbers.split()
    return float(seconds), float(peak), "\n".join(output)


def hand_written(folder: Path) -> dict[str, float]:
    """Seconds of each step of hand_written.sql, in a file of its own."""
    import duckdb

    seconds: dict[str, float] = {}
    with duckdb.connect(
        str(folder / ".bqbatch/warehouse.duckdb"), config={"preserve_insertion_order": "false"}
    ) as connection:
        connection.execute("SET force_compression = 'zstd'")
        connection.execute("CREATE SCHEMA hand")
        for statement in (HERE / "hand_written.sql").read_text("utf-8").split(";\n")[:-1]:
            name = re.findall(r"^-- (.*)$", statement, re.MULTILINE)[-1]
            start = time.perf_counter()
            connection.execute(statement).fetchall()
            seconds[name] = time.perf_counter() - start
    return seconds


def view_seconds(folder: Path) -> tuple[float, float]:
    """Seconds of VIEW, and of the same by hand over the same JSON: the best of five, each in a connection of its own."""
    import duckdb

    from bqbatch.warehouses.duckdb import DuckDBWarehouse

    by_hand = (HERE / "hand_written.sql").read_text("utf-8").split("-- view\n")[1]
    by_hand = by_hand.replace("hand.published", "llm.throughput__rows").replace(
        "hand.answers", "llm.throughput__answers"
    )
    warehouse = DuckDBWarehouse(folder / ".bqbatch/warehouse.duckdb", "llm")
    ours: list[float] = []
    hand: list[float] = []
    for _ in range(5):
        for query, seconds in ((VIEW, ours), (by_hand, hand)):
            start = time.perf_counter()
            if query is VIEW:
                warehouse.read(query)
            else:
                with duckdb.connect(str(warehouse.path)) as connection:
                    connection.execute(query).fetchall()
            seconds.append(time.perf_counter() - start)
    return min(ours), min(hand)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source(folder, ROWS)
        steps = hand_written(folder)
        hand = sum(steps.values())
        print(f"  by hand          {hand:6.2f} s   " + ", ".join(f"{step} {took:.2f}" for step, took in steps.items()))
        run = ("run", "throughput.sql", "--model", "simulated", "--format", "json")
        took, peak, output = measured(*run, folder=folder)
        assert json.loads(output)["outcomes"] == {"ok": ROWS}
        print(
            f"  first run        {took:6.2f} s   {ROWS / took:,.0f} rows/s (at least 60,000), {took / hand:.2f} x by hand (at most 3), {peak:,.0f} MB (at most 1,500)"
        )
        source(folder, ROWS, changed=ROWS // 100)
        again, peak, output = measured(*run, folder=folder)
        asked = json.loads(output)["requests"]
        print(
            f"  1% changed       {again:6.2f} s   {again / took:.2f} x the first (at most 0.5), asked {asked:,}, {peak:,.0f} MB"
        )
        viewed, viewed_by_hand = view_seconds(folder)
        print(f"  view aggregated  {viewed:6.2f} s   {viewed / viewed_by_hand:.2f} x by hand (at most 2)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source(folder, ROWS * 10)
        ten, peak, output = measured(*run, folder=folder)
        assert json.loads(output)["outcomes"] == {"ok": ROWS * 10}
        print(f"  10 x the rows    {ten:6.2f} s   {ten / took:.2f} x the first (at most 12), {peak:,.0f} MB")
    print(f"  this process     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
