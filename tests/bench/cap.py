"""How often a run goes beyond its cap: in 10,000 simulated ones, with mishaps."""

from __future__ import annotations

import os
import time
from collections import Counter

from tests.spending import Quick, spend

RUNS, FIRST = int(os.environ.get("BQBATCH_BENCH_RUNS", "10000")), 1_000_000


def main() -> None:
    start, wrong = time.monotonic(), 0
    happened: Counter[str] = Counter()
    warehouse = Quick()
    for number in range(FIRST, FIRST + RUNS):
        problems, what = spend(number, warehouse)
        happened += what
        wrong += bool(problems)
        for problem in problems:
            print(f"  run {number}: {problem}", flush=True)
        if (number + 1 - FIRST) % 1_000 == 0:
            print(f"  {number + 1 - FIRST:,} runs, {wrong} with something wrong", flush=True)
    print(f"  {RUNS:,} runs in {time.monotonic() - start:,.0f} s, {wrong} with something wrong; what happened in them:")
    for name, times in sorted(happened.items()):
        print(f"  {times:>9,} {name}")
