"""A run on the vertex target: both of Google's clients, unpatched, over HTTP to the loopback server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bqbatch.prompt.compile import VIEW_COLUMNS
from bqbatch.services.vertex import VertexService
from tests.clouds import Cloud
from tests.loopback.http import Call, Refusal


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with Cloud.opened(tmp_path, monkeypatch) as opened:
        yield opened


def test_a_run_in_the_cloud_leaves_the_view_that_a_local_one_leaves(cloud: Cloud) -> None:
    result = cloud.run()
    assert result | {"run_id": "", "output_tokens": 0} == {
        "run_id": "", "name": "words", "target": "prod", "model": "gemini-3.5-flash-lite", "rows": 6, "requests": 4,
        "reused": 0, "outcomes": {"ok": 5, "skipped": 1}, "input_tokens": 12, "output_tokens": 0, "cost_usd": None,
        "view": "proj.llm.words",
    }  # fmt: skip
    rows = cloud.rows("SELECT key, label, _outcome, _model FROM words ORDER BY key")
    assert [row["_outcome"] for row in rows] == ["ok", "ok", "ok", "skipped", "ok", "ok"]
    assert {row["_model"] for row in rows} == {"gemini-3.5-flash-lite", None}
    assert len(cloud.vertex.asked) == 4


def test_a_second_run_asks_nothing(cloud: Cloud) -> None:
    cloud.run()
    assert cloud.run()["requests"] == 0
    assert len(cloud.vertex.jobs) == 1


def test_no_row_passes_through_the_client(cloud: Cloud) -> None:
    cloud.run()
    methods = {call.method for call in cloud.server.calls}
    assert methods == {
        "bigquery.datasets.get", "bigquery.tables.get", "bigquery.tables.patch", "bigquery.jobs.insert", "bigquery.jobs.query",
        "bigquery.jobs.getQueryResults", "aiplatform.projects.locations.batchPredictionJobs.create",
        "aiplatform.projects.locations.batchPredictionJobs.get",
    }  # fmt: skip


def test_a_job_whose_creation_was_not_heard_of_is_adopted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VertexService, "settle_seconds", 5.0)
    cloud.vertex.lag = 2
    lost = iter([True])

    def lose(call: Call) -> None:
        if call.method.endswith("batchPredictionJobs.create") and next(lost, False):
            raise ConnectionError

    cloud.server.after = lose
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(cloud.vertex.jobs) == 1
    assert len(cloud.vertex.asked) == 4


@pytest.mark.parametrize("code", [429, 503, 500])
def test_a_busy_service_is_asked_again_and_no_request_twice(
    code: int, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VertexService, "settle_seconds", 0.05)
    busy = iter([True, True])

    def refuse(call: Call) -> None:
        if call.method.startswith("aiplatform") and next(busy, False):
            raise Refusal(code, "busy", "busy", "UNAVAILABLE")

    cloud.server.before = refuse
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(cloud.vertex.asked) == 4


@pytest.mark.parametrize(
    ("states", "outcomes"),
    [
        (("JOB_STATE_QUEUED", "JOB_STATE_FAILED"), {"ok": 5, "skipped": 1}),
        (("JOB_STATE_PENDING", "JOB_STATE_PARTIALLY_SUCCEEDED"), {"ok": 5, "skipped": 1}),
        (("JOB_STATE_PENDING", "JOB_STATE_EXPIRED"), {"ok": 5, "skipped": 1}),
    ],
)
def test_whatever_a_job_ends_as_its_answers_are_collected(
    states: tuple[str, ...], outcomes: dict[str, int], cloud: Cloud
) -> None:
    cloud.vertex.states = states
    assert cloud.run()["outcomes"] == outcomes


def test_responses_that_come_as_text_are_read_all_the_same(cloud: Cloud) -> None:
    cloud.vertex.gives_text = True
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}


def test_a_model_that_is_not_there_is_told_with_a_hint(cloud: Cloud) -> None:
    said = cloud.folder.say("run", "words.sql", "--target", "prod", "--model", "gemini-9")
    assert said.code == 1
    assert "Vertex AI has no `gemini-9` at `global`" in said.err
    assert "known in November 2026: gemini-3" in said.err


def test_a_model_that_makes_answers_up_is_refused_in_the_cloud(cloud: Cloud) -> None:
    for arguments in (["--model", "simulated"], ["--simulate", ""]):
        assert cloud.folder.say("run", "words.sql", "--target", "prod", *arguments).code == 1
    assert cloud.server.calls == []


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
    assert working == {(f"bqb_rows_{run}", 14), (f"bqb_req_{run}_1_1", 14), ("words__claim", 14)}
