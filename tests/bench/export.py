"""350,000 requests as JSONL, beside DuckDB's own COPY of the same lines, and a loop over rows with json.dumps.

`BENCH_ROWS=3500000` tries ten times as many, for the memory they take: it should be the same.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.throughput import measured, source

ROWS = int(os.environ.get("BENCH_ROWS", "350000"))
MODEL = "gemini-9-flash"  # nobody knows its limits: files are cut by their size alone

COPY = """
import duckdb, sys, time
start = time.perf_counter()
connection = duckdb.connect("warehouse.duckdb", config={"preserve_insertion_order": "false"})
connection.execute("SET enable_progress_bar = false")
connection.execute(f"COPY (SELECT key, request FROM llm.{sys.argv[1]}) TO 'copy.jsonl' (FORMAT json)")
print(time.perf_counter() - start)
"""
LOOP = """
import duckdb, json, sys, time
start = time.perf_counter()
connection = duckdb.connect("warehouse.duckdb", config={"preserve_insertion_order": "false"})
connection.execute("SET enable_progress_bar = false")
cursor = connection.execute(f"SELECT key, request FROM llm.{sys.argv[1]}")
with open("loop.jsonl", "w") as file:
    while rows := cursor.fetchmany(10_000):
        for key, request in rows:
            file.write(json.dumps({"key": key, "request": json.loads(request)}, ensure_ascii=False) + "\\n")
print(time.perf_counter() - start)
"""
EXPORT = "import sys; from tests.bench.export import streamed; streamed(sys.argv[1])"


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source(folder, ROWS)
        whole, peak, output = measured(
            "export", "throughput.sql", "--model", MODEL, "-o", "out", "--format", "json", folder=folder
        )
        made = json.loads(output)
        size = sum(shard["bytes"] for shard in made["shards"])
        print(f"{made['counts']['exported']:,} requests, {size / 1e6:,.0f} MB, in {len(made['shards'])} files")
        print(f"the whole command {whole:.2f} s, peak {peak:.0f} MB, by what every run does before it asks")
        warehouse, queue = folder / ".bqbatch", f"bqb_req_{made['run']}"
        copy, loop = (min(run(code, queue, warehouse)[0] for _ in range(3)) for code in (COPY, LOOP))
        (alone, peak), *_ = sorted(run(EXPORT, queue, warehouse) for _ in range(3))
        assert (warehouse / "copy.jsonl").stat().st_size == size
        print(
            f"from the queue to a file: export {alone:.2f} s with a peak of {peak:.0f} MB (goal 400), COPY {copy:.2f} s, json.dumps {loop:.2f} s"
        )
        print(f"{copy / alone:.2f} of COPY's speed (goal 0.8), {loop / alone:.1f} times json.dumps (goal 4)")


def run(code: str, queue: str, folder: Path) -> list[float]:
    """The numbers that a program prints, in a process of its own."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, queue], cwd=folder, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    return list(map(float, done.stdout.split()))


def streamed(queue: str) -> None:
    """Prints the seconds of the export's own query and writer, from opening the warehouse on, and the peak of memory."""
    import duckdb  # noqa: F401 -- imported before the clock starts, as in the other programs
    import pyarrow  # noqa: F401

    from bqbatch import sqlfiles
    from bqbatch.jsonl import write_lines
    from bqbatch.services.developer.rewrite import Rules
    from bqbatch.warehouses.duckdb import DuckDBWarehouse

    start = time.perf_counter()
    warehouse = DuckDBWarehouse(Path("warehouse.duckdb"), "llm")
    lines = sqlfiles.render("developer/lines", requests=f"`llm.{queue}`", rules=Rules(()))
    sql = sqlfiles.render("developer/sent", lines=lines)
    with warehouse.sparingly(), Path("lines.jsonl").open("wb") as out, warehouse.stream(sql) as stream:
        write_lines(stream, out)
    seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(seconds, peak)
