"""A run is disturbed once, at every call it makes, by everything that can happen there; then it is taken up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.disturbance import FAULTS
from tests.faults.world import World

SLICES = 4
"""Each test takes every fourth call, so that workers share them."""


@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_changes_nothing_of_what_comes_out(
    fault: str, part: int, world: World, record_property: Callable[[str, object], None]
) -> None:
    world.set(world.place.fewer)
    points = range(1 + part, world.calls + 1, SLICES)
    wrong = {}
    for point in points:
        problems = world.live({point: fault})
        if problems:
            wrong[f"{fault} at {point} of {world.calls}"] = problems
    record_property("points", len(points))
    assert not wrong, "\n".join(f"{where}: {problem}" for where, problems in wrong.items() for problem in problems)
