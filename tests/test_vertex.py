"""A run on the vertex target: both of Google's clients, unpatched, over HTTP to the loopback server."""

from __future__ import annotations

import os
import signal
import socket
from decimal import Decimal
from subprocess import Popen

import pytest

from bqbatch.names import Dataset
from bqbatch.patience import Patience
from bqbatch.run.ledger import Ledger
from bqbatch.services.vertex import VertexService
from bqbatch.warehouses import Statement
from tests.clouds import Cloud
from tests.loopback.http import Call, Refusal


def test_a_run_in_the_cloud_leaves_the_view_that_a_local_one_leaves(cloud: Cloud) -> None:
    result = cloud.run()
    assert (
        Decimal(str(result["cost_usd"]))
        == (Decimal("0.15") * 12 + Decimal("1.25") * result["output_tokens"]) / 1_000_000
    )
    assert result | {"run_id": "", "output_tokens": 0, "cost_usd": None} == {
        "run_id": "", "name": "words", "target": "prod", "model": "gemini-3.5-flash-lite", "rows": 6, "requests": 4,
        "reused": 0, "outcomes": {"ok": 5, "skipped": 1}, "input_tokens": 12, "output_tokens": 0, "cost_usd": None,
        "view": "proj.llm.words",
    }  # fmt: skip
    rows = cloud.rows("SELECT key, label, _outcome, _model FROM words ORDER BY key")
    assert [row["_outcome"] for row in rows] == ["ok", "ok", "ok", "skipped", "ok", "ok"]
    assert {row["_model"] for row in rows} == {"gemini-3.5-flash-lite", None}
    assert len(cloud.vertex.asked) == 4


def test_a_price_of_ones_own_counts_and_goes_on_with_a_run(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    file = cloud.folder.root / "bqbatch.toml"
    usual = file.read_text()
    file.write_text(f'{usual}[[prices]]\nmodel = "gemini-3.5-flash-lite"\ninput = 2\noutput = 20\n')
    cloud.json("run", "words.sql", "--detach")
    file.write_text(usual)
    [result] = cloud.json("resume")
    assert Decimal(str(result["cost_usd"])) == (Decimal(1) * 12 + Decimal(10) * result["output_tokens"]) / 1_000_000
    [used] = cloud.json("usage", "--by", "model")
    assert (used["model"], Decimal(used["cost_usd"])) == ("gemini-3.5-flash-lite", Decimal(str(result["cost_usd"])))
    paid = cloud.rows("SELECT SUM(_cost_usd) AS usd FROM words")[0]["usd"]
    assert abs(paid - Decimal(str(result["cost_usd"]))) < Decimal("0.00000001")


def test_a_model_without_a_price_is_planned_and_not_asked_as_no_cap_can_be_held(cloud: Cloud) -> None:
    cloud.vertex.models["gemini-4-flash"] = ("global",)
    asked = ("words.sql", "--model", "gemini-4-flash")
    plan = cloud.json("plan", *asked)
    assert plan["to_ask"] == 4
    assert plan["input_tokens"] > 0
    assert plan["cost_usd"] == {"low": None, "likely": None, "high": None}
    for more in ((), ("--max-cost", "5")):
        said = cloud.say("run", *asked, *more)
        assert said.code == 4
        assert "the price of gemini-4-flash is not known" in said.err
        assert "[[prices]] in bqbatch.toml" in said.err
    assert not cloud.vertex.jobs
    cloud.price("gemini-4-flash")
    assert cloud.run("--model", "gemini-4-flash")["outcomes"]["ok"] == 5


def test_a_second_run_asks_nothing(cloud: Cloud) -> None:
    cloud.run()
    assert cloud.run()["requests"] == 0
    assert len(cloud.vertex.jobs) == 1


def test_no_row_passes_through_the_client(cloud: Cloud) -> None:
    cloud.run()
    methods = {call.method for call in cloud.server.calls}
    assert methods == {
        "bigquery.datasets.get", "bigquery.tables.get", "bigquery.tables.patch", "bigquery.jobs.insert", "bigquery.jobs.query",
        "aiplatform.projects.locations.batchPredictionJobs.create",
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


def test_a_service_that_takes_no_job_is_given_up_and_the_run_goes_on_later(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VertexService, "settle_seconds", 0.02)
    monkeypatch.setattr(VertexService, "patience", Patience(pause_seconds=0.01, total_seconds=0.2))

    def refuse(call: Call) -> None:
        if call.method.endswith("batchPredictionJobs.create"):
            raise Refusal(503, "backendError", "busy", "UNAVAILABLE")

    cloud.server.before = refuse
    said = cloud.folder.say("run", "words.sql", "--target", "prod")
    assert said.code == 1
    assert "error: Vertex AI: " in said.err
    cloud.server.before = lambda _: None
    assert cloud.folder.say("resume", "words.sql", "--target", "prod").code == 0
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
    cloud.price("gemini-9")
    said = cloud.folder.say("run", "words.sql", "--target", "prod", "--model", "gemini-9")
    assert said.code == 1
    assert "Vertex AI has no `gemini-9` at `global`" in said.err
    assert "known in November 2026: gemini-3" in said.err


def test_a_model_that_makes_answers_up_is_refused_in_the_cloud(cloud: Cloud) -> None:
    for arguments in (["--model", "simulated"], ["--simulate", ""]):
        assert cloud.folder.say("run", "words.sql", "--target", "prod", *arguments).code == 1
    assert cloud.server.calls == []


# Shards, and runs that go on.


def jobs(cloud: Cloud) -> list[tuple[int, int, str]]:
    rows = cloud.rows("SELECT shard, attempt, ended_as FROM bqbatch_jobs ORDER BY shard, attempt")
    return [(row["shard"], row["attempt"], row["ended_as"]) for row in rows]


def test_requests_go_out_in_shards_and_no_more_than_may_be_in_the_air(cloud: Cloud) -> None:
    cloud.configure(shard_size=1, in_flight=2)
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert jobs(cloud) == [(shard, 1, "SUCCEEDED") for shard in (1, 2, 3, 4)]
    assert len(set(cloud.vertex.asked)) == len(cloud.vertex.asked) == 4
    assert cloud.vertex.most_in_flight == 2
    assert cloud.tables() == {"words", "words__answers", "words__errors", "words__keys", "words__rows", "words__usage"}


def test_a_detached_run_is_brought_to_its_end_by_resume(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    said = cloud.json("run", "words.sql", "--detach")
    assert (said["state"], said["requests"], said["shards"], len(said["jobs"])) == ("open", 4, 2, 1)
    assert [row["state"] for row in cloud.json("status")] == ["open"]
    [result] = cloud.json("resume", "words.sql")
    assert (result["run_id"], result["outcomes"]) == (said["run_id"], {"ok": 5, "skipped": 1})
    assert cloud.json("resume") == []
    assert cloud.json("run", "words.sql", "--detach")["outcomes"] == {"ok": 5, "skipped": 1}
    assert [row["state"] for row in cloud.json("status")] == ["finished"]
    assert len(cloud.vertex.asked) == 4


def test_a_new_run_waits_for_what_an_open_one_has_in_the_air(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    cloud.json("run", "words.sql", "--detach")
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(set(cloud.vertex.asked)) == len(cloud.vertex.asked) == 4
    assert {row["state"] for row in cloud.rows("SELECT state FROM bqbatch_runs")} == {"finished", "stopped"}


def test_cancel_stops_the_jobs_keeps_their_answers_and_publishes(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    cloud.json("run", "words.sql", "--detach")
    [result] = cloud.json("cancel")
    assert result["outcomes"]["pending"] > 0
    assert result["rows"] == sum(result["outcomes"].values()) == 6
    assert jobs(cloud) == [(1, 1, "CANCELLED")]
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(set(cloud.vertex.asked)) == len(cloud.vertex.asked) == 4


def test_collect_brings_home_what_is_over_and_waits_for_nothing(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=2)
    cloud.json("run", "words.sql", "--detach")
    assert {row["what"] for row in cloud.json("collect")} == {"still at work"}
    cloud.vertex.finish()
    assert {row["what"] for row in cloud.json("collect")} == {"collected"}
    assert cloud.json("collect") == []
    [result] = cloud.json("resume")
    assert result["outcomes"] == {"ok": 5, "skipped": 1}


@pytest.mark.parametrize(("policy", "attempts"), [("resubmit", 2), ("give up", 1)])
def test_a_job_that_sits_too_long_follows_the_policy(cloud: Cloud, policy: str, attempts: int) -> None:
    cloud.configure(stuck=policy, pending_hours=0, running_hours=1)
    cloud.vertex.sits, cloud.vertex.answers_when_cancelled = 1, False
    outcomes = cloud.run()["outcomes"]
    assert outcomes == ({"ok": 5, "skipped": 1} if attempts == 2 else {"pending": 5, "skipped": 1})
    assert [state for *_, state in jobs(cloud)] == ["CANCELLED", "SUCCEEDED"][:attempts]
    assert len(cloud.vertex.asked) == (4 if attempts == 2 else 0)


def test_what_a_failed_job_left_open_is_asked_in_the_next_attempt_only(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=2)
    cloud.vertex.fails, cloud.vertex.answers_of_failed = 1, 1
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert jobs(cloud) == [(1, 1, "FAILED"), (1, 2, "SUCCEEDED"), (2, 1, "SUCCEEDED")]
    assert len(set(cloud.vertex.asked)) == len(cloud.vertex.asked) == 4


def test_ctrl_c_stops_watching_and_the_jobs_go_on(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=2)
    stopped = iter([True])

    def press(call: Call) -> None:
        if call.method.endswith("batchPredictionJobs.get") and next(stopped, False):
            os.kill(os.getpid(), signal.SIGINT)

    cloud.server.before = press
    said = cloud.folder.say("run", "words.sql", "--target", "prod")
    assert (said.code, said.out) == (130, "")
    assert "error: stopped watching; what was sent goes on, and is paid for" in said.err
    assert "bqbatch resume words.sql" in said.err
    assert {kept["job"]["state"] for kept in cloud.vertex.jobs.values()} <= {"JOB_STATE_PENDING", "JOB_STATE_RUNNING"}
    [result] = cloud.json("resume", "words.sql")
    assert result["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(set(cloud.vertex.asked)) == len(cloud.vertex.asked) == 4


def test_a_run_that_another_process_watches_is_cancelled_and_left_to_it(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=2)
    cloud.json("run", "words.sql", "--detach")
    with Popen(["sleep", "60"]) as other:
        cloud.vertex.bigquery.warehouse.execute(
            Statement(
                "CREATE TABLE llm.words__claim AS SELECT 'other' AS run_id, @host AS host, @pid AS pid,"
                " TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 9 MINUTE) AS expires",
                "claimed",
                {"host": socket.gethostname(), "pid": other.pid},
            )
        )
        assert cloud.folder.say("resume", "--target", "prod").code == 1
        said = cloud.folder.say("cancel", "--target", "prod")
        other.kill()
    assert said.code == 0
    assert "jobs of `words` cancelled: 2; the process that watches them collects them" in said.err
    assert {kept["job"]["state"] for kept in cloud.vertex.jobs.values()} == {"JOB_STATE_CANCELLED"}
    [result] = cloud.json("resume")
    assert result["outcomes"] == {"ok": 5, "skipped": 1}


def test_what_was_stopped_before_it_asked_is_closed_by_resume(cloud: Cloud) -> None:
    cloud.vertex.bigquery.warehouse.execute(
        *Ledger(Dataset("proj.llm"), "20260101_000000_abcdef", "words").setup(),
        Ledger(Dataset("proj.llm"), "20260101_000000_abcdef", "words").event("started", file="words.sql", model="x"),
    )
    said = cloud.folder.say("resume", "--target", "prod")
    assert said.code == 0
    assert "run 20260101_000000_abcdef was stopped before it asked anything: run the prompt again" in said.err
    assert [row["state"] for row in cloud.json("status")] == ["stopped"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("shard_size = 200_001", "`shard_size` is 200,000 at most"),
        ("in_flight = 0", "`in_flight` takes how many jobs may be in the air at a time"),
        ('pending_hours = "a day"', "`pending_hours` takes after how many hours of waiting a job is stuck"),
        ('stuck = "wait"', "`stuck` is one of warn, resubmit, give up"),
    ],
)
def test_a_setting_of_the_target_that_can_t_be_is_refused_with_its_line(cloud: Cloud, line: str, message: str) -> None:
    file = cloud.folder.root / "bqbatch.toml"
    file.write_text(f"{file.read_text()}{line}\n")
    said = cloud.folder.say("run", "words.sql", "--target", "prod")
    assert said.code == 1
    assert f"bqbatch.toml:5:1: {message}" in said.err


def test_a_job_on_this_machine_can_t_be_left(cloud: Cloud) -> None:
    said = cloud.folder.say("run", "words.sql", "--detach", "--simulate", "")
    assert said.code == 1
    assert "a job on the local target lives in this process" in said.err


def test_clean_says_what_it_drops_in_a_dataset_before_it_does(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    cloud.rules.denied.add("aiplatform.batchPredictionJobs.create")
    assert cloud.say("run", "words.sql").code == 1
    left = {name for name in cloud.tables() if name.startswith("bqb_")}
    said = cloud.say("clean")
    assert said.code == 1
    assert "working tables from proj.llm: " in said.err
    assert all(name in said.err for name in left)
    assert left <= cloud.tables()
    assert cloud.say("clean", "--yes").code == 0
    assert not left & cloud.tables()
