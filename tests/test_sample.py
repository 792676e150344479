"""`sample`: a few requests asked now, shown beside what was asked, and never asked again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.clouds import Cloud
from tests.projects import Folder
from tests.test_run import PROMPT, WORDS, seed

MANY: dict[int, str | None] = {number: f"word {number} " + "and more " * (number % 40) for number in range(1, 201)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    made = Folder.made(tmp_path / "project", monkeypatch, {"words.sql": PROMPT, "words.csv": seed(WORDS)})
    with made.opened():
        yield made


def rows(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return found


def test_answers_stand_beside_what_was_asked_and_are_asked_no_more(folder: Folder) -> None:
    said = folder.say("sample", "words.sql", "-n", "3", "--format", "json")
    assert said.code == 0, said.err
    shown = rows(said.out)
    assert len(shown) == 3
    assert all(row["prompt"] == f"Label {row['word']}" for row in shown)
    assert all(
        (row["_outcome"], row["_model"], row["label"] in ("a", "b")) == ("ok", "simulated", True) for row in shown
    )
    assert folder.left_behind() == set()
    assert folder.value("SELECT COUNT(*) FROM words__answers") == 3
    again = folder.say("sample", "words.sql", "--format", "json")
    assert len(rows(again.out)) == 1
    assert "note: 1 requests were left to ask, and all were asked" in again.err
    assert "note: nothing is left to ask" in folder.say("sample", "words.sql").err
    run = folder.run("words.sql")
    assert (run["requests"], run["reused"], run["outcomes"]) == (0, 5, {"ok": 5, "skipped": 1})


def test_readers_see_nothing_of_a_sample(folder: Folder) -> None:
    folder.run("words.sql")
    before = folder.query("SELECT * FROM words ORDER BY key")
    folder.write("words.csv", seed(MANY))
    assert folder.say("sample", "words.sql", "-n", "5").code == 0
    assert folder.query("SELECT * FROM words ORDER BY key") == before


def test_a_sample_has_short_and_long_requests_and_tells_the_plan(folder: Folder) -> None:
    folder.write("words.csv", seed(MANY))
    folder.say("sample", "words.sql", "-n", "20")
    lengths = sorted(folder.query("SELECT input_tokens FROM words__answers"), key=lambda row: row["input_tokens"])
    assert lengths[-1]["input_tokens"] > 5 * lengths[0]["input_tokens"]
    plan = json.loads(folder.say("plan", "words.sql", "--format", "json").out)
    assert (plan["samples"], plan["to_ask"]) == (20, 180)
    run = folder.run("words.sql")
    assert plan["output_tokens"]["low"] <= run["output_tokens"] <= plan["output_tokens"]["high"]


def test_a_table_of_no_rows_has_no_sample(folder: Folder) -> None:
    folder.write("words.csv", "id,word\n")
    said = folder.say("sample", "words.sql", "--format", "json")
    assert (said.code, rows(said.out)) == (0, [])
    assert "nothing is left to ask" in said.err


@pytest.mark.parametrize("number", ["0", "-3", "1001", "many"])
def test_a_sample_of_no_number_is_a_usage_error(folder: Folder, number: str) -> None:
    said = folder.say("sample", "words.sql", f"-n{number}")
    assert (said.code, "-n" in said.err) == (2, True)


def test_gemini_is_asked_one_by_one_at_the_online_price(cloud: Cloud) -> None:
    shown = cloud.json("sample", "words.sql", "-n", "3")
    assert len(shown) == len(cloud.online.asked) == 3
    assert all(row["_outcome"] == "ok" for row in shown)
    assert not cloud.vertex.jobs
    [used] = cloud.json("usage", "--by", "model")
    batch, online = (cloud.rows(f"SELECT ANY_VALUE(output_price) AS usd FROM words__answers WHERE run_id {where}")[0]["usd"]
                     for where in ("IS NULL", "IS NOT NULL"))  # fmt: skip
    assert batch is None
    result = cloud.run()
    assert (result["requests"], result["outcomes"]) == (1, {"ok": 5, "skipped": 1})
    prices = {row["output_price"] for row in cloud.rows("SELECT DISTINCT output_price FROM words__answers")}
    assert prices == {online, online / 2}
    assert Decimal(used["cost_usd"]) > 0


def test_a_sample_waits_for_no_batch_that_is_in_the_air(cloud: Cloud) -> None:
    cloud.vertex.states = ("JOB_STATE_PENDING",)
    cloud.json("run", "words.sql", "--limit", "1", "--detach")
    assert len(cloud.json("sample", "words.sql", "-n", "2")) == 2
    assert [row["state"] for row in cloud.rows("SELECT state FROM bqbatch_runs ORDER BY run_id")] == [
        "open",
        "finished",
    ]


def test_a_sample_that_was_killed_is_brought_home_by_the_next_run(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bqbatch.run.collector import Collector

    def dies(*_: object, **__: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr(Collector, "collect", dies)
        with pytest.raises(AssertionError):
            cloud.json("sample", "words.sql", "-n", "3")
    assert cloud.rows("SELECT * FROM words__answers") == []
    result = cloud.run()
    assert (result["requests"], result["outcomes"]) == (1, {"ok": 5, "skipped": 1})


def test_a_sample_that_might_cost_more_than_the_cap_is_not_asked(cloud: Cloud) -> None:
    cloud.price("gemini-3.5-flash-lite", 1, 100_000)
    said = cloud.say("sample", "words.sql", "-n", "3", "--max-cost", "1")
    assert said.code == 4
    assert not cloud.online.asked
    assert not cloud.vertex.jobs
