"""The account after a run: tokens and dollars of its answers, beside what was planned, however the run ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch.names import Dataset
from bqbatch.prices import UNKNOWN, Price, price_of
from bqbatch.run.ledger import Ledger
from bqbatch.run.result import RunResult
from bqbatch.warehouses import Statement
from tests.clouds import Cloud
from tests.projects import Folder
from tests.test_prices import DAY
from tests.test_run import PROMPT, WORDS, seed

PLAN = {
    "input_tokens": 12, "output_low": 4, "output_likely": 40, "output_high": 400, "usd_low": "0.000007",
    "usd_likely": "0.0000518", "usd_high": "1E-3", "max_cost": 10, "bytes": None, "shards": 1,
}  # fmt: skip
MILLION = 1_000_000
OTHER = "20260101_000000_000001"
"""A run of which only its plan is known."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    made = Folder.made(tmp_path / "project", monkeypatch, {"words.sql": PROMPT, "words.csv": seed(WORDS)})
    with made.opened():
        yield made


def plan(cloud: Cloud, run_id: str, **details: Any) -> None:
    """Logs what a run was planned to cost."""
    event = Ledger(Dataset("llm"), run_id, "words").event("planned", **{**PLAN, **details})
    cloud.vertex.bigquery.warehouse.execute(event)


def by_run(cloud: Cloud) -> list[dict[str, Any]]:
    return list(cloud.json("usage", "--by", "run"))


def paid(cloud: Cloud) -> Decimal:
    """What the answers cost by hand: input at $0.15 a million tokens, output at $1.25."""
    [row] = cloud.rows("SELECT SUM(input_tokens) AS i, SUM(output_tokens) AS o FROM words__answers")
    return (Decimal("0.15") * int(row["i"]) + Decimal("1.25") * int(row["o"])) / MILLION


def test_a_run_shows_what_was_planned_beside_what_it_cost(cloud: Cloud) -> None:
    planned = Decimal(str(cloud.json("plan", "words.sql")["cost_usd"]["likely"]))
    result = cloud.run()
    [used] = by_run(cloud)
    assert (used["run_id"], used["state"], used["requests"]) == (result["run_id"], "finished", 4)
    assert (Decimal(used["planned_usd"]), Decimal(used["cost_usd"])) == (planned, paid(cloud))
    [row] = cloud.json("history")
    assert (Decimal(row["planned_usd"]), Decimal(row["cost_usd"])) == (planned, paid(cloud))


def test_what_was_planned_is_in_the_view_of_runs(cloud: Cloud) -> None:
    cloud.run()
    plan(cloud, OTHER)
    [run] = cloud.rows(f"SELECT * FROM bqbatch_runs WHERE run_id = '{OTHER}'")
    assert {name: run[name] for name in run if name.startswith(("planned_", "max_cost"))} == {
        "planned_input_tokens": 12, "planned_output_tokens": 40, "planned_usd_low": Decimal("0.000007"),
        "planned_usd": Decimal("0.0000518"), "planned_usd_high": Decimal("0.001"), "max_cost": 10,
    }  # fmt: skip


def test_a_plan_without_a_price_has_tokens_and_no_dollars(cloud: Cloud) -> None:
    cloud.run()
    plan(cloud, OTHER, usd_low=None, usd_likely=None, usd_high=None)
    [run] = cloud.rows(
        f"SELECT planned_input_tokens, planned_usd, planned_usd_high FROM bqbatch_runs WHERE run_id = '{OTHER}'"
    )
    assert run == {"planned_input_tokens": 12, "planned_usd": None, "planned_usd_high": None}
    assert [row["planned_usd"] for row in by_run(cloud) if row["run_id"] == OTHER] == [None]


def test_a_run_that_did_not_finish_has_what_its_answers_cost(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    planned = Decimal(str(cloud.json("plan", "words.sql")["cost_usd"]["likely"]))
    cloud.json("run", "words.sql", "--detach")
    assert [(row["state"], row["requests"], row["cost_usd"]) for row in by_run(cloud)] == [("open", 0, "0")]
    cloud.vertex.finish()
    cloud.json("collect")
    [used] = by_run(cloud)
    assert (used["state"], used["requests"], Decimal(used["cost_usd"])) == ("open", 2, paid(cloud))
    assert Decimal(used["planned_usd"]) == planned
    assert Decimal(used["cost_usd"]) > 0
    [row] = cloud.json("history")
    assert (Decimal(row["planned_usd"]), row["cost_usd"]) == (planned, None)
    cloud.json("cancel")
    [used] = by_run(cloud)
    assert (used["state"], used["requests"], Decimal(used["cost_usd"])) == ("finished", 2, paid(cloud))


def test_a_run_that_was_taken_over_by_the_next_keeps_its_own_cost(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    first = cloud.json("run", "words.sql", "--detach")
    second = cloud.run()
    used = {row["run_id"]: row for row in by_run(cloud)}
    assert [used[run["run_id"]]["state"] for run in (first, second)] == ["stopped", "finished"]
    assert [used[run["run_id"]]["requests"] for run in (first, second)] == [2, 2]
    assert sum(Decimal(row["cost_usd"]) for row in used.values()) == paid(cloud)


def test_a_run_that_failed_or_asked_nothing_is_there_with_nothing(cloud: Cloud) -> None:
    cloud.run()
    cloud.run()
    cloud.folder.write("words.csv", "id,word\n1,a\n1,b\n")
    assert cloud.say("run", "words.sql").code == 1
    told = [(row["state"], row["requests"], Decimal(row["cost_usd"]) > 0) for row in by_run(cloud)]
    assert told == [("failed", 0, False), ("finished", 0, False), ("finished", 4, True)]
    [first, *_] = by_run(cloud)
    assert (first["cost_usd"], first["wasted_usd"], first["usd_per_ok"]) == ("0", "0", None)
    assert len(cloud.json("usage", "--by", "run", "--limit", "2")) == 2
    assert len(cloud.json("usage", "--by", "outcome")) == 1


def test_usage_of_one_prompt_leaves_the_runs_of_others_out(folder: Folder) -> None:
    folder.write("other.sql", "SELECT 1 AS key, 'x' AS prompt")
    runs = [folder.run(name)["run_id"] for name in ("words.sql", "other.sql")]
    assert [row["run_id"] for row in told(folder, "words.sql")] == runs[:1]
    assert [row["run_id"] for row in told(folder)] == runs[::-1]


def told(folder: Folder, *arguments: str) -> Any:
    said = folder.say("usage", *arguments, "--format", "json")
    assert said.code == 0, said.err
    return json.loads(said.out)


@pytest.mark.parametrize("begun", [False, True])
def test_a_request_of_more_than_200k_tokens_is_paid_at_the_higher_price(cloud: Cloud, begun: bool) -> None:
    cloud.folder.write(
        "long.sql",
        "{{ config(model = 'gemini-3.1-pro-preview', max_output_tokens = 100) }}\n"
        "SELECT n AS key, REPEAT('word', 199999 + n) AS prompt FROM UNNEST([1, 2]) AS n",
    )
    if begun:  # the price goes on with a run that another process takes up
        cloud.json("run", "long.sql", "--detach")
        [result] = cloud.json("resume")
    else:
        result = cloud.json("run", "long.sql")
    answers = cloud.rows("SELECT * FROM long__answers ORDER BY input_tokens")
    told = [(row["input_tokens"], *(row[f"{kind}_price"] for kind in ("input", "output", "cached"))) for row in answers]
    assert told == [
        (200_000, 1, 6, Decimal("0.20")), (200_001, 2, 9, Decimal("0.40")),
    ]  # fmt: skip
    dollars = [
        (row["input_tokens"] * row["input_price"] + row["output_tokens"] * row["output_price"]) / MILLION
        for row in answers
    ]
    assert Decimal(str(result["cost_usd"])) == sum(dollars)
    shown = [row["_cost_usd"] for row in cloud.rows("SELECT _cost_usd FROM long ORDER BY key")]
    assert shown == [round(usd, 9) for usd in dollars]


def test_a_price_comes_back_from_the_log_as_it_went_in() -> None:
    for model in ("gemini-3.1-pro", "gemini-3.5-flash"):
        price = price_of(model, "vertex", DAY)
        assert price
        kept = Price.of_json(json.dumps(price.as_json()))
        assert (kept.input, kept.output, kept.cached) == (price.input, price.output, price.cached)
        assert [(tier.above, tier.input, tier.output, tier.cached) for tier in kept.tiers] == [
            (tier.above, tier.input, tier.output, tier.cached) for tier in price.tiers
        ]
    assert Price.of_json(None) == Price.of_json("null") == UNKNOWN


def test_counts_beyond_2_to_the_53_are_exact_wherever_they_are_shown(folder: Folder) -> None:
    folder.run("words.sql")
    large = 2**53 + 1
    folder.warehouse.execute(
        Statement(
            f"UPDATE `llm.words__answers` SET input_tokens = {large}, thought_tokens = {large} WHERE TRUE", "large"
        )
    )
    [used] = told(folder, "--by", "model")
    assert (used["input_tokens"], used["thought_tokens"]) == (str(4 * large), str(4 * large))
    assert str(4 * large) in folder.say("usage").out
    rows = folder.query("SELECT _input_tokens FROM words WHERE _outcome = 'ok'")
    assert {row["_input_tokens"] for row in rows} == {str(large)}
    assert str(large) in folder.say("query", "SELECT _thought_tokens FROM words").out
    result = RunResult("r", "n", "t", "m", 1, 1, 0, {}, large, 2**53, Decimal(0), "v").as_json()
    assert (result["input_tokens"], result["output_tokens"]) == (str(large), 2**53)
