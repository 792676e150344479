"""Calls and bytes on the wire do not depend on rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.flat import total, traffic_of
from tests.faults.world import World

FEW, MANY, SHARDS = 1_000, 200_000, 4


@pytest.mark.parametrize("world", ["vertex"], indirect=True)  # to the Developer API the rows go as files
def test_calls_and_bytes_are_the_same_for_any_number_of_rows(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    few, many = (traffic_of(rows, SHARDS, world) for rows in (FEW, MANY))
    assert [call.method for call in many] == [call.method for call in few]
    assert [call.bare for call in many] == [call.bare for call in few]
    # What is left is that larger numbers have more digits.
    assert abs(total(many) - total(few)) < 0.002 * total(few)
    record_property(f"calls of a run of {FEW:,} or {MANY:,} rows in {SHARDS} shards", len(many))
