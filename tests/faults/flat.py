"""What goes over the wire in a run of so many rows."""

from __future__ import annotations

from bqbatch.run.shards import PROBE
from tests.faults.disturbance import Crossing
from tests.faults.mortal import Mortal
from tests.faults.world import SHARDS, World
from tests.targets import OUTPUT

PROMPT = f"""
{{{{ config(model = 'gemini-3.5-flash-lite', max_output_tokens = 100) }}}}
{{% output %}}{OUTPUT}{{% endoutput %}}
SELECT n AS key, {{{{ prompt('Label {{n}}') }}}} AS prompt FROM UNNEST(GENERATE_ARRAY(1, {{{{ var('rows') }}}})) AS n
"""


def traffic_of(rows: int, shards: int, world: World) -> list[Crossing]:
    """The calls of a run of so many rows, all of them asked, in so many shards that are all in the air together."""
    world.clear()
    size = rows // shards if rows // shards <= PROBE else -(-(rows - PROBE) // (shards - 1))
    world.set(f"shard_size = {size}\nin_flight = {shards}\nmax_cost = 1_000\n")
    (world.root / "flat.sql").write_text(PROMPT, "utf-8")
    patient = Mortal(world.root, call_seconds=300.0)
    try:
        ended = patient.say("20260101_000000_000001", "run", "flat.sql", "--target", "prod", "--var", f"rows={rows}")
    finally:
        patient.close()
        world.set(SHARDS)
    assert ended.code == 0, ended
    assert len(world.place.sent) == shards
    assert len(set(world.place.asked)) == len(world.place.asked) == rows
    return list(world.disturbance.traffic)


def total(traffic: list[Crossing]) -> int:
    """The bytes of all bodies, asked and told."""
    return sum(call.asked + call.told for call in traffic)
