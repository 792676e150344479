"""A run at the Gemini Developer API: google-genai, unpatched, over HTTP to the loopback server."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from decimal import Decimal
from pathlib import Path

import pytest

from bqbatch.patience import Patience
from bqbatch.services.developer import DeveloperService
from bqbatch.services.developer.account import KEY
from tests.developers import Api
from tests.loopback.http import Answer, Call, Refusal
from tests.projects import Row

KEY_OF_MINE = "AIza-not-for-others"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Api:  # type: ignore[misc]
    with Api.opened(tmp_path, monkeypatch) as api:
        yield api


def view(api: Api) -> list[Row]:
    return api.folder.query("SELECT key, word, label, _outcome, _error FROM words ORDER BY key")


def test_a_run_leaves_the_view_that_any_run_leaves(api: Api) -> None:
    result = api.run()
    assert result | {"run_id": "", "output_tokens": 0, "cost_usd": None} == {
        "run_id": "", "name": "words", "target": "dev", "model": "gemini-3.5-flash-lite", "rows": 6, "requests": 4,
        "reused": 0, "outcomes": {"ok": 5, "skipped": 1}, "input_tokens": 12, "output_tokens": 0, "cost_usd": None,
        "view": "llm.words",
    }  # fmt: skip
    cost = (Decimal("0.15") * 12 + Decimal("1.25") * result["output_tokens"]) / 1_000_000
    assert Decimal(str(result["cost_usd"])) == cost
    assert [row["_outcome"] for row in view(api)] == ["ok", "ok", "ok", "skipped", "ok", "ok"]
    assert len(api.developer.asked) == 4
    assert api.run()["requests"] == 0
    assert len(api.developer.batches) == 1
    assert api.folder.left_behind() == set()


def test_what_was_uploaded_is_removed_and_what_can_t_be_stays(api: Api) -> None:
    api.run()
    assert [name for name in api.developer.files.stored if not name.startswith("batch-")] == []
    assert "generativelanguage.files.delete" in {call.method for call in api.server.calls}


def test_the_key_goes_to_the_api_alone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.developer.keys[KEY_OF_MINE] = "me"
    monkeypatch.setenv(KEY, KEY_OF_MINE)
    monkeypatch.setenv("GOOGLE_API_KEY", "another-key")
    assert api.run()["outcomes"]["ok"] == 5
    assert {call.headers["x-goog-api-key"] for call in api.server.calls} <= {KEY_OF_MINE, None}
    for file in api.folder.root.rglob("*"):
        assert not file.is_file() or KEY_OF_MINE.encode() not in file.read_bytes()
    for command in ("doctor", "status", "history"):
        said = api.say(command)
        assert KEY_OF_MINE not in said.out + said.err


@pytest.mark.parametrize(
    ("key", "message"),
    [("", "is not set"), ("  ", "is not set"), ("wrong", "API key not valid"), ("k\u00e9y", "is no API key")],
)
def test_no_key_or_a_wrong_one_is_told_with_where_there_is_one(
    api: Api, monkeypatch: pytest.MonkeyPatch, key: str, message: str
) -> None:
    monkeypatch.setenv(KEY, key)
    said = api.say("run", "words.sql")
    assert said.code == 1
    assert message in said.err
    assert "https://aistudio.google.com/apikey" in said.err
    assert not api.developer.batches
    monkeypatch.setenv(KEY, "a-key")
    assert api.run()["outcomes"]["ok"] == 5
    assert len(api.developer.asked) == 4


def test_a_key_is_sent_to_no_other_machine(api: Api) -> None:
    api.configure(endpoint="https://gateway.example.com")
    said = api.say("run", "words.sql")
    assert said.code == 1
    assert "the API key is not sent to https://gateway.example.com" in said.err


def test_a_model_that_nobody_has_is_told(api: Api) -> None:
    said = api.say("run", "words.sql", "--model", "gemini-3.1-flash-lite")
    assert said.code == 1
    assert "has no `gemini-3.1-flash-lite`" in said.err
    assert "https://ai.google.dev/gemini-api/docs/models" in said.err


def test_no_more_tokens_wait_than_the_limit_lets(api: Api) -> None:
    api.many(60, 400)
    plan = api.json("plan", "words.sql")
    limit = plan["input_tokens"] // 4
    api.configure(enqueued_tokens=limit, shard_size=1_000)
    plan = api.json("plan", "words.sql")
    assert (plan["enqueued_tokens"], plan["turns"], plan["days"]) == (limit, plan["turns"], float(plan["turns"]))
    assert plan["turns"] in (5, 6)
    assert (
        f"{plan['turns']} batches one after the other, as {limit:,} tokens may wait at a time"
        in api.say("plan", "words.sql").out
    )
    assert api.run()["outcomes"] == {"ok": 60}
    assert api.developer.most_in_flight == 1
    assert len(api.developer.batches) in (plan["turns"], plan["turns"] + 1)
    assert sorted(api.developer.asked) == sorted(set(api.developer.asked))


def test_a_quota_that_is_used_up_is_waited_for_and_learnt(api: Api) -> None:
    api.many(40, 400)
    api.configure(shard_size=10, in_flight=4)
    api.developer.models["gemini-3.5-flash-lite"] = 2_500  # of two shards, by the server's own count
    said = api.say("run", "words.sql", "--format", "json")
    assert said.code == 0, said.err
    assert "takes no more just now" in said.err
    assert json.loads(said.out)["outcomes"] == {"ok": 40}
    assert api.developer.most_in_flight == 2
    assert len(api.developer.asked) == len(set(api.developer.asked)) == 40


def test_a_request_that_is_longer_than_the_limit_is_told(api: Api) -> None:
    api.many(3, 4_000)
    api.configure(enqueued_tokens=500)
    said = api.say("run", "words.sql")
    assert said.code == 1
    assert "has more tokens than gemini-3.5-flash-lite takes at a time" in said.err
    assert "500 tokens" in said.err


def test_a_batch_that_was_made_and_not_heard_of_is_adopted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(call: Call) -> None:
        if call.method.endswith("batchGenerateContent") and len(api.developer.batches) == 1:
            monkeypatch.setattr(api.server, "after", lambda call: None)
            raise ConnectionError

    api.developer.lag = 1
    monkeypatch.setattr(api.server, "after", lose)
    assert api.run()["outcomes"]["ok"] == 5
    assert len(api.developer.batches) == 1


def test_an_api_that_takes_no_batch_is_given_up_and_the_run_goes_on_later(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeveloperService, "settle_seconds", 0.02)
    monkeypatch.setattr(DeveloperService, "patience", Patience(pause_seconds=0.01, total_seconds=0.2))

    def refuse(call: Call) -> None:
        if call.method.endswith("batchGenerateContent"):
            raise Refusal(503, "backendError", "busy", "UNAVAILABLE")

    monkeypatch.setattr(api.server, "before", refuse)
    said = api.say("run", "words.sql")
    assert said.code == 1
    assert "error: the Gemini Developer API: busy" in said.err
    monkeypatch.setattr(api.server, "before", lambda call: None)
    [result] = api.json("resume", "words.sql")
    assert result["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(api.developer.asked) == 4


def test_an_api_that_is_out_of_reach_is_told_while_it_is_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeveloperService, "patience", Patience(5.0, 0.01, total_seconds=0.5, silent_seconds=0.05))

    def lose(_: Call) -> None:
        raise ConnectionError

    monkeypatch.setattr(api.server, "before", lose)
    said = api.say("run", "words.sql")
    assert said.code == 1
    assert len(re.findall("note: no answer for 0 s, trying again for 0 more: ", said.err)) == 1
    assert "error: the Gemini Developer API can't be reached" in said.err


def test_doctor_does_not_wait_for_an_api_that_is_out_of_reach(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeveloperService, "patience", Patience())

    def lose(_: Call) -> None:
        raise ConnectionError

    monkeypatch.setattr(api.server, "before", lose)
    began = time.monotonic()
    said = api.say("doctor", "words.sql")
    assert "the Gemini Developer API can't be reached" in said.out
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("hours", [0, 49])
def test_requests_are_uploaded_once_however_long_no_batch_is_taken(
    api: Api, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    refused = iter(range(10))

    def refuse(call: Call) -> None:
        if call.method.endswith("batchGenerateContent") and next(refused, None) is not None:
            api.developer.files.ahead += hours / 5  # of 48 that a file is there
            raise Refusal(429, "rateLimitExceeded", "Resource has been exhausted.", "RESOURCE_EXHAUSTED")

    api.many(60)
    api.configure(shard_size=15)
    monkeypatch.setattr(api.server, "before", refuse)
    assert api.run()["outcomes"] == {"ok": 60}
    assert len(api.developer.batches) == 4
    assert len(api.developer.asked) == 60
    uploads = len(api.developer.files.sessions)
    assert uploads > 4 if hours else uploads == 4
    assert not any(name.startswith("bqb-") for name in api.developer.files.stored)


def test_a_detached_run_is_brought_to_its_end_by_resume_with_nothing_but_the_log(api: Api) -> None:
    detached = api.json("run", "words.sql", "--detach")
    assert detached["requests"] == 4
    (api.folder.root / "words.sql").unlink()
    [result] = api.json("resume")
    assert result["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(api.developer.batches) == 1


@pytest.fixture(params=[404, 403])
def not_ours(api: Api, request: pytest.FixtureRequest) -> int:
    """The code for batches that are not there, or of somebody else."""
    code: int = request.param
    for method in ("get", "cancel"):
        identifier = f"generativelanguage.batches.{method}"

        def answered(call: Call, answer: Answer = api.server.answers[identifier]) -> object:
            try:
                return answer(call)
            except Refusal as refusal:
                if refusal.code == 404:
                    refusal.code = code
                raise

        api.server.answers = {**api.server.answers, identifier: answered}
    return code


def test_a_key_of_another_project_leaves_the_run_open_and_sends_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, not_ours: int
) -> None:
    api.many(20)
    api.configure(shard_size=10, in_flight=1)
    api.json("run", "words.sql", "--detach")
    monkeypatch.setenv(KEY, "other-key")
    for command in (["resume"], ["collect"], ["run", "words.sql"]):
        said = api.say(*command)
        assert said.code == 1, said
        assert "is it the key of another project?" in said.err
        assert "`bqbatch cancel` gives it up" in said.err
    assert {batch.owner for batch in api.developer.batches.values()} == {"me"}
    monkeypatch.setenv(KEY, "a-key")
    [result] = api.json("resume")
    assert result["outcomes"] == {"ok": 20}
    assert len(api.developer.asked) == len(set(api.developer.asked)) == 20


def test_a_batch_that_was_deleted_is_given_up_by_cancel(api: Api, not_ours: int) -> None:
    api.json("run", "words.sql", "--detach")
    api.developer.batches.clear()
    assert api.say("resume").code == 1
    [result] = api.json("cancel")
    assert result["outcomes"] == {"pending": 5, "skipped": 1}
    assert api.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(api.developer.asked) == 4


def test_a_key_that_may_do_nothing_gives_nothing_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(call: Call) -> None:
        raise Refusal(403, "forbidden", "Your project has been denied access.", "PERMISSION_DENIED")

    api.json("run", "words.sql", "--detach")
    monkeypatch.setattr(api.server, "before", refuse)
    said = api.say("cancel")
    assert said.code == 1
    assert "Your project has been denied access." in said.err
    monkeypatch.setattr(api.server, "before", lambda call: None)
    assert api.json("resume")[0]["outcomes"] == {"ok": 5, "skipped": 1}


def test_a_batch_that_is_deleted_while_it_is_watched_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = iter([True])

    def delete(call: Call) -> None:
        if call.method.endswith("batches.get") and next(first, False):
            api.developer.batches.clear()

    monkeypatch.setattr(api.server, "before", delete)
    said = api.say("run", "words.sql")
    assert (said.code, "somebody deleted it" in said.err) == (0, True)


@pytest.mark.parametrize("answers", [True, False])
def test_cancel_stops_the_batches_and_keeps_what_they_answered(api: Api, answers: bool) -> None:
    api.developer.sits, api.developer.answers_when_cancelled = 1, answers
    api.json("run", "words.sql", "--detach")
    [result] = api.json("cancel")
    assert result["outcomes"] == ({"ok": 5, "skipped": 1} if answers else {"pending": 5, "skipped": 1})
    assert api.run()["outcomes"] == {"ok": 5, "skipped": 1}


def test_a_batch_that_expired_left_nothing_and_is_asked_in_the_next_attempt(api: Api) -> None:
    api.developer.states = ("BATCH_STATE_PENDING", "BATCH_STATE_EXPIRED")
    before = api.developer.get

    def expires_once(call: Call) -> object:
        if len(api.developer.batches) > 1:
            api.developer.states = ("BATCH_STATE_PENDING", "BATCH_STATE_SUCCEEDED")
        return before(call)

    api.server.answers = {**api.server.answers, "generativelanguage.batches.get": expires_once}
    said = api.say("run", "words.sql", "--format", "json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["outcomes"] == {"ok": 5, "skipped": 1}
    assert "expired: The batch was not done within 48 hours." in said.err
    assert len(api.developer.batches) == 2
    assert {row["attempt"] for row in api.folder.query("SELECT attempt FROM bqbatch_jobs")} == {1, 2}


def test_a_failed_batch_is_told_by_the_api_s_own_words_and_what_it_answered_is_kept(api: Api) -> None:
    api.developer.fails, api.developer.answers_of_failed = 1, 2
    said = api.say("run", "words.sql", "--format", "json")
    assert said.code == 0, said.err
    assert "An internal error has occurred." in said.err
    assert json.loads(said.out)["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(api.developer.asked) - len(set(api.developer.asked)) == 0


def test_errors_of_single_requests_are_rows(api: Api) -> None:
    api.developer.faults = (("429", Decimal("0.4")), ("400", Decimal("0.3")))
    api.many(50)
    result = api.run()
    assert set(result["outcomes"]) <= {"ok", "retryable", "failed"}
    assert sum(result["outcomes"].values()) == 50
    errors = api.folder.query("SELECT _outcome, _error FROM words__errors")
    assert {('"code": 429' in row["_error"]) for row in errors if row["_outcome"] == "retryable"} == {True}
    api.developer.faults = ()
    assert api.say("retry", "words.sql", "--outcome", "failed").code == 0
    assert api.folder.value("SELECT COUNT(*) FROM words WHERE _outcome = 'ok'") == 50


@pytest.mark.parametrize("code", [400, 403, 503])
def test_results_are_kept_where_the_api_does_not_tell_their_size(
    api: Api, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(call: Call) -> None:
        if call.method.endswith("files.get"):
            raise Refusal(code, "invalid", "File ID (name excluding 'files/') cannot be more than 40 characters.")

    monkeypatch.setattr(api.server, "before", refuse)
    assert api.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert "generativelanguage.files.get" in {call.method for call in api.server.calls}


def test_results_without_a_key_that_was_asked_and_keys_without_results(api: Api) -> None:
    api.developer.made_up = ("nobody-asked",)
    result = api.run()
    assert result["outcomes"] == {"ok": 5, "skipped": 1}


def test_a_request_that_the_api_has_no_form_for_is_a_row_that_failed_and_is_not_sent(api: Api) -> None:
    api.folder.write(
        "words.sql",
        """
{{ config(model = 'gemini-3.5-flash-lite', max_output_tokens = 100) }}
SELECT id AS key, uri, {% prompt %}What is in {{ file('{uri}', 'image/png') }}?{% endprompt %} AS parts
FROM (SELECT id, IF(id = 2, 'gs://bucket/it.png', 'https://youtu.be/x') AS uri FROM {{ seed('words.csv') }})
""",
    )
    said = api.say("run", "words.sql", "--format", "json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["outcomes"]["failed"] == 1
    [row] = api.folder.query("SELECT key, _error FROM words WHERE _outcome = 'failed'")
    assert row["key"] == 2
    assert "gs://bucket/it.png" in row["_error"]
    assert len(api.developer.asked) == 1


def test_a_run_of_which_nothing_can_be_sent_makes_no_batch(api: Api) -> None:
    api.folder.write(
        "words.sql",
        """
{{ config(model = 'gemini-3.5-flash-lite', max_output_tokens = 100) }}
SELECT id AS key, uri, {% prompt %}What is in {{ file('{uri}', 'image/png') }}?{% endprompt %} AS parts
FROM (SELECT id, 'gs://bucket/it.png' AS uri FROM {{ seed('words.csv') }})
""",
    )
    assert api.run()["outcomes"] == {"failed": 6}
    assert not api.developer.batches


def test_labels_stay_at_home_and_the_answer_counts_for_both_services(api: Api) -> None:
    text = (api.folder.root / "words.sql").read_text("utf-8")
    api.folder.write(
        "words.sql", text.replace("max_output_tokens = 100", "max_output_tokens = 100, labels = {'team': 'x'}")
    )
    assert api.run()["outcomes"]["ok"] == 5
    kept = json.loads(api.folder.query("SELECT TO_JSON_STRING(request) AS request FROM words__answers")[0]["request"])
    assert kept["labels"] == {"team": "x"}


def test_ctrl_c_stops_watching_and_the_batch_goes_on(api: Api) -> None:
    api.developer.sits = 1
    process = api.folder.process("run", "words.sql", "--target", "dev")
    try:
        while not api.developer.batches:
            assert process.poll() is None, process.communicate()
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "what was sent goes on" in err
    api.developer.sits = 0
    [result] = api.json("resume")
    assert result["outcomes"]["ok"] == 5
    assert len(api.developer.batches) == 1


def test_a_sample_is_asked_now_and_not_again(api: Api) -> None:
    said = api.say("sample", "words.sql", "-n", "2", "--format", "json")
    assert said.code == 0, said.err
    assert len(json.loads(said.out)) == 2
    assert not api.developer.batches
    assert api.run()["requests"] == 2


def test_usage_and_price_are_those_of_a_batch(api: Api) -> None:
    result = api.run()
    [used] = api.json("usage", "--by", "model")
    assert Decimal(used["cost_usd"]) == Decimal(str(result["cost_usd"]))


def test_a_rehearsal_asks_nobody(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    said = api.say("run", "words.sql", "--rehearse", "--format", "json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["outcomes"] == {"ok": 5, "skipped": 1}
    assert not api.server.calls


def test_doctor_looks_at_the_key_the_model_and_the_queue(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {check["name"]: check for check in api.json("doctor", "words.sql")}
    assert [checks[name]["state"] for name in ("api key", "model", "queue", "disk")] == ["ok"] * 4
    assert "10,000,000 tokens of gemini-3.5-flash-lite may wait at a time at tier 1" in checks["queue"]["seen"]
    monkeypatch.setenv(KEY, "wrong")
    said = api.say("doctor", "words.sql")
    assert said.code == 1
    assert "API key not valid" in said.out


@pytest.mark.parametrize(
    ("line", "message"),
    [("tier = 4", "`tier` is 3 at most"), ("tier = 'two'", "`tier` takes"), ("enqueued_tokens = 0", "`enqueued_tokens` takes"),
     ("shard_size = 300_000", "`shard_size` is 200,000 at most")],
)  # fmt: skip
def test_a_setting_that_can_t_be_is_refused_with_its_line(api: Api, line: str, message: str) -> None:
    api.folder.write("bqbatch.toml", f'[targets.dev]\ntype = "developer"\n{line}\n')
    said = api.say("run", "words.sql")
    assert said.code == 1
    assert message in said.err
    assert "bqbatch.toml:3" in said.err
