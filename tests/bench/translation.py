"""A query of 200 lines, as analysts write them, from GoogleSQL to DuckDB's words."""

from __future__ import annotations

import time
from pathlib import Path

from bqbatch.warehouses.duckdb.translate import translate

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


def main() -> None:
    lines = QUERY.read_text("utf-8").count("\n")
    print(f"  {lines} lines        {seconds() * 1000:6.1f} ms (at most 100)")
