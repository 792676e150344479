"""What a run on Google Cloud leaves in the catalog: descriptions of columns, and when tables expire."""

from __future__ import annotations

import time

from bqbatch.prompt.compile import VIEW_COLUMNS
from tests.clouds import Cloud
from tests.loopback.http import Call


def test_the_columns_of_the_view_are_described(cloud: Cloud) -> None:
    cloud.run()
    described = cloud.vertex.bigquery.tables.kept["llm.words"].descriptions
    assert described["label"] == "which of the two"
    assert described.keys() == {"label", *VIEW_COLUMNS}


def test_what_a_run_leaves_never_expires_whatever_the_dataset_says(cloud: Cloud) -> None:
    cloud.rules.expirations["llm"] = 3600
    seen = set()

    def look(call: Call) -> None:
        for table, kept in cloud.vertex.bigquery.tables.kept.items():
            seen.add((table.removeprefix("llm."), kept.expires and round((kept.expires - time.time()) / 86400)))

    cloud.server.after = look
    run = cloud.run()["run_id"]
    permanent = {name for name, days in seen if days is None}
    assert permanent == {
        "bqbatch_log", "bqbatch_runs", "bqbatch_jobs", "words", "words__rows", "words__answers", "words__keys",
        "words__errors", "words__usage",
    }  # fmt: skip
    working = {(name, days) for name, days in seen if days}
    assert working == {
        (f"bqb_rows_{run}", 14),
        (f"bqb_req_{run}", 14),
        (f"bqb_req_{run}_1_1", 14),
        ("words__claim", 14),
    }
