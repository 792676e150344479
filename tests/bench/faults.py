"""Thousands of runs disturbed by chance, pairs of runs, and a million rows over the wire."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.flat import total, traffic_of
from tests.faults.schedule import schedule
from tests.faults.world import Plan, World

LIVES = int(os.environ.get("BQBATCH_FAULT_LIVES", "3000"))
FIRST = int(os.environ.get("BQBATCH_FAULT_FIRST", "10000"))
"""The first seed; the suite has those from 0 on."""
FEW, MANY, SHARDS = 1_000, 1_000_000, 5


def tried(name: str, lives: int, live: Callable[..., list[str]], calls: int) -> None:
    """Lives under schedules of their own, with what was wrong in each."""
    start, faults, wrong = time.monotonic(), 0, 0
    for seed in range(FIRST, FIRST + lives):
        plans: list[Plan] = schedule(seed, calls)
        faults += sum(map(len, plans))
        problems = live(*plans)
        wrong += bool(problems)
        for problem in problems:
            print(f"  seed {seed}, {plans}: {problem}", flush=True)
    print(f"  {lives:,} {name} with {faults:,} faults in {time.monotonic() - start:,.0f} s: {wrong} came out otherwise")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, World(Path(folder)).open() as world:
        few, many = (traffic_of(rows, SHARDS, world) for rows in (FEW, MANY))
        for rows, traffic in ((FEW, few), (MANY, many)):
            print(f"  {rows:>9,} rows in {SHARDS} shards: {len(traffic)} calls, {total(traffic):,} bytes")
        tried("runs", LIVES, world.live, world.calls)
        tried("pairs of runs", LIVES // 10, world.live_together, world.calls)
    with tempfile.TemporaryDirectory() as folder, World(Path(folder), "developer").open() as world:
        lives = LIVES // world.place.slowness
        tried("runs at the Developer API", lives, world.live, world.calls)
        tried("pairs of them", lives // 10, world.live_together, world.calls)
