"""Faults by chance."""

from __future__ import annotations

import random

from tests.faults.disturbance import FAULTS
from tests.faults.world import Plan


def schedule(seed: int, calls: int) -> list[Plan]:
    """Faults for a run and for some takings up of it."""
    chance = random.Random(seed)
    return [
        {chance.randint(1, calls + 5): chance.choice(FAULTS) for _ in range(chance.randint(1, 4))}
        for _ in range(chance.randint(1, 4))
    ]
