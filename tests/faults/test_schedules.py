"""Several faults in one run and while it is taken up, by chance; and two who run one prompt at once."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.faults.schedule import schedule
from tests.faults.world import World

PARTS = 8
LIVES = int(os.environ.get("BQBATCH_FAULT_LIVES", "120"))
"""How many runs are disturbed by chance, in all; `BQBATCH_FAULT_LIVES=5000 pytest tests/faults` tries more."""


@pytest.mark.parametrize("part", range(PARTS))
def test_several_faults_change_nothing_of_what_comes_out(
    part: int, world: World, record_property: Callable[[str, object], None]
) -> None:
    seeds = range(part, LIVES // world.place.slowness, PARTS)
    wrong = {}
    for seed in seeds:
        plans = schedule(seed, world.calls)
        if problems := world.live(*plans):
            wrong[f"seed {seed}, {plans}"] = problems
    record_property("lives", len(seeds))
    assert not wrong, "\n".join(f"{where}: {problem}" for where, problems in wrong.items() for problem in problems)


@pytest.mark.parametrize("part", range(PARTS))
def test_two_who_run_one_prompt_at_once_under_faults_ask_nothing_twice(
    part: int, world: World, record_property: Callable[[str, object], None]
) -> None:
    seeds = range(part, LIVES // 6 // world.place.slowness, PARTS)
    wrong = {}
    for seed in seeds:
        plans = schedule(seed, world.calls)
        if problems := world.live_together(*plans):
            wrong[f"seed {seed}, {plans}"] = problems
    record_property("pairs", len(seeds))
    assert not wrong, "\n".join(f"{where}: {problem}" for where, problems in wrong.items() for problem in problems)


@pytest.mark.parametrize("seed", [10036])  # killed between the end of a run that was taken up and its tidying
def test_what_once_came_out_otherwise_does_not_again(seed: int, world: World) -> None:
    assert world.live(*schedule(seed, world.calls)) == []
