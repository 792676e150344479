"""What is known before a run: counts, tokens and dollars, and that the same numbers open the run and are in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch.money import dollars, parse_max_cost
from bqbatch.prices import price_of
from tests.clouds import Cloud
from tests.projects import Folder
from tests.test_prices import DAY
from tests.test_run import PROMPT, WORDS, seed

MODEL = "gemini-3.5-flash-lite"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    made = Folder.made(tmp_path / "project", monkeypatch, {"words.sql": PROMPT, "words.csv": seed(WORDS)})
    with made.opened():
        yield made


def plan(folder: Folder, *arguments: str) -> dict[str, Any]:
    said = folder.say("plan", "words.sql", *arguments, "--format", "json")
    assert said.code == 0, said.err
    made: dict[str, Any] = json.loads(said.out)
    return made


def test_a_plan_counts_rows_requests_and_tokens_and_asks_nothing(folder: Folder) -> None:
    made = plan(folder)
    assert {name: made[name] for name in ("rows", "skipped", "requests", "answered", "to_ask", "shards", "samples")} == {
        "rows": 6, "skipped": 1, "requests": 4, "answered": 0, "to_ask": 4, "shards": 1, "samples": 0,
    }  # fmt: skip
    assert 80 < made["input_tokens"] < 400  # four short texts, each with the schema
    assert 0 < made["output_tokens"]["low"] < made["output_tokens"]["likely"] < made["output_tokens"]["high"]
    assert made["cost_usd"] == {"low": 0, "likely": 0, "high": 0}
    assert made["bytes"] is None
    assert folder.left_behind() == set()
    assert folder.value("SELECT COUNT(*) FROM words__answers") == 0
    assert folder.value("SELECT COUNT(*) FROM bqbatch_log") == 0


def test_what_is_answered_is_not_planned_again_and_answers_tell_of_the_rest(folder: Folder) -> None:
    folder.run("words.sql")
    assert (plan(folder)["answered"], plan(folder)["to_ask"]) == (4, 0)
    folder.write("words.csv", seed({**{number: f"word {number}" for number in range(1, 301)}, **WORDS}))
    made = plan(folder)
    assert (made["rows"], made["requests"], made["answered"], made["to_ask"]) == (300, 298, 4, 294)
    folder.run("words.sql", "--limit", "10")
    made = plan(folder, "--limit", "100")
    assert (made["requests"], made["answered"], made["to_ask"], made["samples"]) == (298, 14, 100, 14)
    real = folder.run("words.sql", "--limit", "100")
    assert made["output_tokens"]["low"] <= real["output_tokens"] <= made["output_tokens"]["high"]
    assert plan(folder, "--full-refresh")["to_ask"] == 298
    assert (plan(folder, "--limit", "5", "--full-refresh")["answered"]) == 0


def test_estimates_are_corrected_by_what_was_counted(folder: Folder) -> None:
    folder.write("words.csv", seed({number: f"{number} is some word" + " or another" * 80 for number in range(1, 101)}))
    before = plan(folder)
    run = folder.run("words.sql", "--limit", "50")
    estimated = folder.value("SELECT estimated_input_tokens FROM bqbatch_jobs")
    ratio = Decimal(run["input_tokens"]) / estimated
    assert plan(folder)["input_tokens"] == pytest.approx(before["input_tokens"] / 2 * float(ratio), rel=0.001)
    again = folder.run("words.sql")
    # Not by a correction of the corrected.
    [logged] = folder.query(
        "SELECT ratio, planned_input_tokens, estimated_input_tokens FROM bqbatch_runs WHERE requests = 50 ORDER BY run_id DESC LIMIT 1"
    )
    assert abs(Decimal(logged["ratio"]) - ratio) < Decimal("0.001")
    assert logged["planned_input_tokens"] == pytest.approx(again["input_tokens"], rel=0.001)


def test_the_local_target_plans_for_the_model_that_is_named(folder: Folder) -> None:
    made = plan(folder, "--model", MODEL)
    price = price_of(MODEL, "vertex", DAY)
    assert price
    assert price.input is not None
    assert price.output is not None
    likely = (made["input_tokens"] * price.input + made["output_tokens"]["likely"] * price.output) / 1_000_000
    assert (made["model"], Decimal(str(made["cost_usd"]["likely"]))) == (MODEL, likely)
    assert made["online_usd"] == pytest.approx(2 * made["cost_usd"]["likely"])
    assert made["worst_usd"] > made["cost_usd"]["high"]
    free = plan(folder, "--model", "smollm2")
    assert (free["model"], free["cost_usd"]["high"]) == ("smollm2-135m", 0)


def test_a_plan_is_shown_in_lines(folder: Folder) -> None:
    said = folder.say("plan", "words.sql", "--model", MODEL)
    assert said.code == 0
    lines = dict(line.strip().split("  ", 1) for line in said.out.strip().splitlines())
    assert lines["rows"] == "6, 1 skipped"
    assert lines["requests"] == f"4 to ask of {MODEL}"
    assert "by the output columns alone" in lines["output"]
    assert "; online $" in lines["cost"]
    assert "if every answer is as long as it may be" in lines["at worst"]
    assert lines["next"] == "bqbatch run words.sql"


def test_a_table_of_no_rows_and_more_than_2_53_tokens(folder: Folder) -> None:
    folder.write("words.csv", "id,word\n")
    assert plan(folder)["to_ask"] == 0
    said = folder.say("plan", "words.sql", "--model", MODEL)
    assert (said.code, "0 to ask" in said.out) == (0, True)
    folder.write("words.csv", seed(WORDS))
    folder.write(
        "words.sql",
        "{{ config(max_output_tokens = 2147483647, request_extra = {'generationConfig': {'candidateCount': 2147483647}}) }}"
        + PROMPT,
    )
    made = plan(folder, "--model", MODEL)
    assert made["worst_usd"] > 2**53 / 1_000_000
    assert folder.say("plan", "words.sql", "--model", MODEL).code == 0


def test_the_plan_opens_the_run_and_is_in_the_log(cloud: Cloud) -> None:
    made = cloud.json("plan", "words.sql")
    assert made["bytes"] > 0
    said = cloud.say("run", "words.sql")
    assert f"note: plan: 4 requests to {MODEL}, {made['input_tokens']:,} tokens in" in said.err
    [logged] = cloud.rows("SELECT * FROM bqbatch_runs")
    for name, number in (
        ("planned_input_tokens", made["input_tokens"]), ("planned_output_tokens", made["output_tokens"]["likely"]),
        ("planned_usd_low", made["cost_usd"]["low"]), ("planned_usd", made["cost_usd"]["likely"]),
        ("planned_usd_high", made["cost_usd"]["high"]), ("max_cost", 10),
    ):  # fmt: skip
        assert float(logged[name]) == pytest.approx(number, abs=1e-9), name
    again = cloud.say("run", "words.sql")
    assert "plan:" not in again.err  # there is nothing to ask


def test_a_plan_in_the_cloud_makes_no_call_to_vertex_ai_and_leaves_no_working_table(cloud: Cloud) -> None:
    cloud.json("plan", "words.sql")
    assert not [call for call in cloud.server.calls if call.method.startswith("aiplatform")]
    assert cloud.tables() == {"words__answers", "words__keys"}


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "$0.00"), ("12345.678", "$12,345.68"), ("0.25", "$0.25"), ("0.0123", "$0.012"), ("0.000004", "$0.0000040"),
     ("0.0000001", "less than $0.000001")],
)  # fmt: skip
def test_amounts_are_told_as_people_read_them(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text


@pytest.mark.parametrize("text", ["25", "0.50", ".5", "1_000", "10."])
def test_a_cap_is_an_amount(text: str) -> None:
    assert parse_max_cost(text) == Decimal(text.replace("_", ""))
