"""`--max-cost`: what is not asked because of it, before a run and in its midst."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.clouds import Cloud

MANY = "id,word\n" + "".join(f"{number},word {number}\n" for number in range(1, 2_401))
ONE_WORST = Decimal(100) * 1_000 / 1_000_000
"""What an answer of 100 tokens costs at 1,000 USD a million: the price of `dear`."""


@pytest.fixture
def dear(cloud: Cloud) -> Cloud:
    """A cloud where input is next to nothing, and a token of output a tenth of a cent."""
    cloud.price("gemini-3.5-flash-lite", 0.000002, 2_000)
    return cloud


@pytest.mark.parametrize("said", ["0", "-1", "ten", "$5", "5€", "1e3", "", "0.0000001", "nan"])
def test_a_cap_that_is_no_amount_is_refused(cloud: Cloud, said: str) -> None:
    ended = cloud.say("run", "words.sql", f"--max-cost={said}")
    assert ended.code == 1
    assert f"--max-cost {said}: not an amount of dollars above 0" in ended.err
    assert "hint: write --max-cost 25" in ended.err
    assert not cloud.server.calls


@pytest.mark.parametrize("said", ["0", "-1", "'ten'", "'$5'", "true", "0.0000001", "nan"])
def test_a_cap_in_the_project_that_is_no_amount_is_refused(cloud: Cloud, said: str) -> None:
    cloud.add(f"max_cost = {said}\n")
    ended = cloud.say("run", "words.sql")
    assert (ended.code, "max_cost takes USD above 0" in ended.err) == (1, True)
    assert not cloud.server.calls


def test_a_likely_cost_above_the_cap_stops_before_anything_is_asked(dear: Cloud) -> None:
    plan = dear.json("plan", "words.sql")
    ended = dear.say("run", "words.sql", "--max-cost", "0.001")
    assert ended.code == 4
    assert "it would likely cost $" in ended.err
    assert "the cap is $0.0010: nothing was asked" in ended.err
    assert "hint: bqbatch run words.sql --max-cost " in ended.err
    assert plan["cost_usd"]["likely"] > 0.001
    assert not dear.vertex.jobs
    assert dear.tables() == {"words__answers", "words__keys"}
    [row] = dear.rows("SELECT state, max_cost, planned_usd FROM bqbatch_runs")
    assert (row["state"], row["max_cost"]) == ("failed", Decimal("0.001"))


def test_ten_dollars_are_the_cap_unless_it_is_set(dear: Cloud) -> None:
    dear.run()
    assert dear.rows("SELECT max_cost FROM bqbatch_runs") == [{"max_cost": 10}]
    dear.configure(max_cost=2.5)
    dear.price("gemini-3.5-flash-lite", 0.000002, 2_000)
    dear.run("--full-refresh")
    dear.run("--full-refresh", "--max-cost", "3")
    caps = [row["max_cost"] for row in dear.rows("SELECT max_cost FROM bqbatch_runs ORDER BY run_id")]
    assert caps == [10, Decimal("2.5"), 3]


def test_shards_are_cut_to_what_is_left_and_none_goes_over_the_cap(dear: Cloud) -> None:
    """2,400 answers cost 240 USD at the worst, and some 20 in truth: by a cap of 60 all are asked, in parts."""
    dear.folder.write("words.csv", MANY)
    ended = dear.say("run", "words.sql", "--max-cost", "60", "--format", "json")
    assert ended.code == 0, ended.err
    jobs = dear.rows(
        "SELECT shard, requests, first_position, last_position, worst_usd, cost_usd FROM bqbatch_jobs ORDER BY shard"
    )
    assert sum(job["requests"] for job in jobs) == 2_400
    assert [job["first_position"] for job in jobs] == [1, *(job["last_position"] + 1 for job in jobs[:-1])]
    spent = Decimal(0)
    for job in jobs:  # one after the other: each was cut to what was left
        assert job["worst_usd"] <= 60 - spent
        assert 0 < job["cost_usd"] < job["worst_usd"]
        assert job["requests"] == 599 or abs(job["worst_usd"] - (60 - spent)) < ONE_WORST or job is jobs[-1]
        spent += job["cost_usd"]
    assert len(jobs) > 2
    assert spent < 60


def test_the_first_shard_is_a_probe(dear: Cloud) -> None:
    dear.folder.write("words.csv", MANY)
    dear.run("--max-cost", "1000")
    assert [job["requests"] for job in dear.rows("SELECT requests FROM bqbatch_jobs ORDER BY shard")] == [1_000, 1_400]


def test_a_run_that_meets_its_cap_keeps_what_it_has_and_says_how_to_go_on(dear: Cloud) -> None:
    dear.folder.write("words.csv", MANY)
    longer = (dear.folder.root / "words.sql").read_text().replace("max_output_tokens = 100", "max_output_tokens = 200")
    dear.folder.write("words.sql", longer)
    ended = dear.say("run", "words.sql", "--max-cost", "25", "--format", "json")
    assert ended.code == 4, ended
    assert "stopped at the cap: " in ended.err
    assert "requests of `words` are not asked" in ended.err
    assert "--max-cost USD goes on" in ended.err
    outcomes = {row["_outcome"]: row["n"] for row in dear.rows("SELECT _outcome, COUNT(*) AS n FROM words GROUP BY 1")}
    assert set(outcomes) == {"ok", "pending"}
    assert sum(outcomes.values()) == 2_400
    [run] = dear.rows("SELECT state, cost_usd, requests FROM bqbatch_runs")
    assert run["state"] == "finished"
    assert 0 < run["cost_usd"] < 25
    assert dear.folder.left_behind() == set()
    again = dear.run("--max-cost", "500")
    assert again["outcomes"] == {"ok": 2_400}
    assert again["requests"] == outcomes["pending"]


def test_a_run_that_is_taken_up_keeps_its_cap(dear: Cloud) -> None:
    dear.folder.write("words.csv", MANY)
    dear.json("run", "words.sql", "--detach", "--max-cost", "60")
    [result] = dear.json("resume", "words.sql")
    assert result["outcomes"] == {"ok": 2_400}
    [run] = dear.rows("SELECT max_cost, cost_usd FROM bqbatch_runs")
    assert run["max_cost"] == 60
    jobs = dear.rows("SELECT worst_usd, cost_usd FROM bqbatch_jobs ORDER BY shard")
    assert len(jobs) > 2
    assert all(job["worst_usd"] <= 60 for job in jobs)


def test_a_run_that_is_taken_up_and_meets_its_cap_says_so(dear: Cloud) -> None:
    dear.folder.write("words.csv", MANY)
    longer = (dear.folder.root / "words.sql").read_text().replace("max_output_tokens = 100", "max_output_tokens = 200")
    dear.folder.write("words.sql", longer)
    dear.json("run", "words.sql", "--detach", "--max-cost", "25")
    ended = dear.say("resume", "words.sql", "--format", "json")
    assert (ended.code, "stopped at the cap: " in ended.err) == (4, True)
    [result] = json.loads(ended.out)
    assert set(result["outcomes"]) == {"ok", "pending"}


def test_a_run_of_which_nothing_fits_asks_nothing_and_is_over(dear: Cloud) -> None:
    dear.folder.write("words.csv", MANY)
    longer = (
        (dear.folder.root / "words.sql").read_text().replace("max_output_tokens = 100", "max_output_tokens = 5_000")
    )
    dear.folder.write("words.sql", longer)
    for more in ((), ("--detach",)):
        ended = dear.say("run", "words.sql", "--max-cost", "30", *more)
        assert ended.code == 4, ended
        assert "stopped at the cap: 2,400 requests of `words` are not asked" in ended.err
    assert not dear.vertex.jobs
    assert {row["state"] for row in dear.rows("SELECT state FROM bqbatch_runs")} == {"finished"}


def test_an_answer_that_may_be_as_long_as_the_model_can_make_it_is_noted_with_its_bill(cloud: Cloud) -> None:
    cloud.folder.write(
        "words.sql", (cloud.folder.root / "words.sql").read_text().replace(", max_output_tokens = 100", "")
    )
    ended = cloud.say("run", "words.sql")
    assert ended.code == 0
    assert "note: max_output_tokens is not set: 4 answers of up to 65,536 tokens cost $0.33 at the worst" in ended.err
