"""A rehearsal: all of a run but the model and the bill, beside the real dataset and not in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch.project import MOST_REQUESTS
from tests.clouds import Cloud
from tests.projects import Folder, Said
from tests.targets import OUTPUT

MODEL = "gemini-3.5-flash"
PRICES = f'[[prices]]\nmodel = "{MODEL}"\ninput = 2\noutput = 20\n'
WORDS = "id,word\n" + "".join(f"{n},word {n % 1300}\n" for n in range(1500))
"""1,500 rows, 1,300 distinct words: a probe, and a shard after it."""
PROMPT = f"""
{{{{ config(model = '{MODEL}', max_output_tokens = 900, thinking = 'low') }}}}
{{% output %}}{OUTPUT}{{% endoutput %}}
SELECT id AS key, word, {{{{ prompt('Label {{word}}') }}}} AS prompt FROM {{{{ seed('words.csv') }}}}
"""
ALL = [f"SELECT * FROM {name}" for name in ("words__answers", "words__rows", "words__keys", "bqbatch_log")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    made = Folder.made(tmp_path / "project", monkeypatch,
                       {"words.sql": PROMPT, "words.csv": WORDS, "bqbatch.toml": PRICES})  # fmt: skip
    with made.opened():
        yield made


def rehearsed(said: Said) -> dict[str, Any]:
    """The JSON of a rehearsal, however it ended."""
    made: dict[str, Any] = json.loads(said.out)
    return made


def rehearse(folder: Folder, *arguments: str) -> dict[str, Any]:
    return folder.run("words.sql", "--rehearse", *arguments)


def value(folder: Folder, sql: str) -> Any:
    return folder.value(sql.replace("SCRATCH", "llm_rehearsal"))


# What is rehearsed.


def test_a_rehearsal_is_a_run_at_the_price_and_the_limits_of_the_model_it_names(folder: Folder) -> None:
    plan = json.loads(folder.say("plan", "words.sql", "--format", "json").out)
    said = folder.say("run", "words.sql", "--rehearse", "--max-cost", "2000", "--format", "json")
    made = rehearsed(said)
    assert made | {"run_id": "", "outcomes": {}, "output_tokens": 0, "cost_usd": 0} == {
        "run_id": "", "name": "words", "target": "local", "model": MODEL, "rows": 1500, "requests": 1300, "reused": 0,
        "outcomes": {}, "input_tokens": plan["input_tokens"], "output_tokens": 0, "cost_usd": 0,
        "view": "llm_rehearsal.words", "rehearsal": True,
    }  # fmt: skip
    assert made["cost_usd"] == (made["input_tokens"] * 1 + made["output_tokens"] * 10) / 1e6
    assert 0.5 < made["cost_usd"] / plan["cost_usd"]["likely"] < 1.5
    assert plan["cost_usd"]["low"] < made["cost_usd"] < plan["worst_usd"]
    [(requests, model)] = {(row["requests"], row["model"]) for row in folder.query(
        "SELECT job.requests, run.model FROM llm_rehearsal.bqbatch_jobs AS job JOIN llm_rehearsal.bqbatch_runs AS run "
        "ON run.run_id = job.run_id WHERE shard = 1")}  # fmt: skip
    assert (requests, model) == (1000, MODEL)
    assert value(folder, "SELECT COUNT(*) AS n FROM SCRATCH.bqbatch_jobs") == 2
    assert value(folder, "SELECT MAX(shard_size) AS n FROM SCRATCH.bqbatch_runs") == MOST_REQUESTS


def test_answers_say_who_made_them_up_whatever_they_come_to(folder: Folder) -> None:
    made = rehearse(folder, "--simulate", "429:20%,missing:20%,blocked:20%,truncated:5%")
    assert made["outcomes"].keys() == {"ok", "retryable", "missing", "blocked", "truncated"}
    assert folder.query("SELECT DISTINCT _model AS model FROM llm_rehearsal.words") == [{"model": "simulated"}]
    assert folder.query("SELECT DISTINCT model FROM llm_rehearsal.words__usage") == [{"model": "simulated"}]


def test_a_truncated_answer_has_reached_its_cap(folder: Folder) -> None:
    rehearse(folder, "--max-cost", "2000", "--simulate", "truncated:10%")
    longest = folder.query(
        "SELECT DISTINCT _output_tokens + _thought_tokens AS spent FROM llm_rehearsal.words WHERE _outcome = 'truncated'"
    )
    assert longest == [{"spent": 900}]


def test_a_rehearsal_says_the_same_every_time(folder: Folder) -> None:
    first, second = rehearse(folder), rehearse(folder)
    assert first["run_id"] != second["run_id"]
    assert first | {"run_id": ""} == second | {"run_id": ""}
    assert value(folder, "SELECT COUNT(*) AS n FROM SCRATCH.bqbatch_runs") == 1


def test_every_dollar_is_marked(folder: Folder) -> None:
    said = folder.say("run", "words.sql", "--rehearse")
    [plan] = [line for line in said.err.splitlines() if "plan: " in line]
    assert plan.endswith(") (rehearsed)")
    [tokens] = [line for line in said.out.splitlines() if "tokens" in line]
    assert tokens.endswith(" (rehearsed)")
    assert f"1,300 asked of simulated, for {MODEL}, 0 rows reused" in said.out
    assert "     next  bqbatch query 'SELECT * FROM `llm_rehearsal.words` LIMIT 20'\n" in said.out
    shown = folder.say("query", "SELECT * FROM `llm_rehearsal.words` LIMIT 20")
    assert shown.out.count("simulated") == 20


def test_a_model_of_this_machine_is_rehearsed_for_nothing(folder: Folder) -> None:
    said = folder.say("run", "words.sql", "--rehearse", "--model", "smollm2", "--format", "json")
    made = rehearsed(said)
    assert (made["model"], made["cost_usd"]) == ("smollm2-135m", 0)
    assert "smollm2-135m answers on this machine: a run of it costs nothing" in said.err
    assert value(folder, "SELECT COUNT(*) AS n FROM SCRATCH.bqbatch_jobs") == 1


def test_prompts_that_build_on_each_other_are_rehearsed_together(folder: Folder) -> None:
    folder.write("why.sql", f"""
        {{{{ config(model = '{MODEL}', max_output_tokens = 9) }}}}
        SELECT key, {{{{ prompt('Why {{label|"none"}}?') }}}} AS prompt FROM {{{{ ref('words') }}}}
    """)  # fmt: skip
    said = folder.say("run", "why.sql", "--rehearse")
    assert (said.code, "`words` has no view yet" in said.err) == (1, True)
    said = folder.say("run", "why.sql", "words.sql", "--rehearse", "--max-cost", "2000", "--format", "json")
    assert [(made["name"], made["rows"]) for made in json.loads(said.out)] == [("words", 1500), ("why", 1500)]
    assert folder.tables() == set()


# The cap.


def test_a_cap_that_the_plan_is_above_stops_a_rehearsal_too(folder: Folder) -> None:
    rehearse(folder)
    said = folder.say("run", "words.sql", "--rehearse", "--max-cost", "2")
    assert (said.code, said.out) == (4, "")
    assert "and the cap is $2.00: nothing was asked" in said.err
    assert "hint: bqbatch run --rehearse words.sql --max-cost" in said.err
    said = folder.say("query", "SELECT * FROM llm_rehearsal.words")
    assert (said.code, "there is no table" in said.err) == (1, True)


def test_a_cap_that_is_met_midway_stops_a_rehearsal_with_its_answers_published(folder: Folder) -> None:
    likely = json.loads(folder.say("plan", "words.sql", "--format", "json").out)["cost_usd"]["likely"]
    cap = f"{likely + 1:.2f}"
    said = folder.say(
        "run", "words.sql", "--rehearse", "--max-cost", cap, "--format", "json", "--simulate", "truncated:90%"
    )
    made = rehearsed(said)
    assert said.code == 4
    assert made["outcomes"]["pending"] > 0
    assert sum(made["outcomes"].values()) == made["rows"] == 1500
    assert Decimal(cap) / 2 < Decimal(str(made["cost_usd"])) <= Decimal(cap)
    left = 1300 - made["requests"]
    assert f"error: stopped at the cap: {left:,} requests of `words` are not asked" in said.err
    assert "hint: so would a run be: bqbatch run --rehearse words.sql --max-cost USD tries another cap" in said.err
    assert (
        value(folder, "SELECT COUNT(DISTINCT _request_hash) AS n FROM SCRATCH.words WHERE _outcome = 'pending'") == left
    )


# What it leaves alone.


def everything(folder: Folder) -> list[Any]:
    with folder.warehouse.step():
        return [folder.tables(), *(sorted(map(repr, folder.warehouse.read(sql).rows)) for sql in ALL)]


def test_a_rehearsal_asks_what_a_run_would_ask_and_changes_nothing(folder: Folder) -> None:
    folder.write("bqbatch.toml", "")
    folder.write("words.sql", PROMPT.replace(MODEL, "simulated"))
    assert folder.run("words.sql", "--limit", "1000")["outcomes"].keys() == {"ok", "pending"}
    before = everything(folder)
    there = folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'ok'")
    for _ in range(2):
        made = rehearse(folder)
        assert (made["requests"], made["reused"], made["outcomes"]) == (300, there, {"ok": 1500})
    assert everything(folder) == before
    assert [row["requests"] for row in folder.query("SELECT * FROM words__usage")] == [1000]
    assert [row["requests"] for row in json.loads(folder.say("usage", "--format", "json").out)] == [1000]
    made = folder.run("words.sql")
    assert (made["requests"], made["reused"]) == (300, there)


def test_a_rehearsal_plans_by_real_runs_alone(folder: Folder) -> None:
    folder.write("words.sql", PROMPT.replace(MODEL, "simulated"))
    folder.run("words.sql", "--limit", "100")
    shown = "SELECT planned_output_tokens AS n FROM llm_rehearsal.bqbatch_runs"
    rehearse(folder)
    first = folder.value(shown)
    rehearse(folder)
    assert folder.value(shown) == first
    [plan] = [json.loads(folder.say("plan", "words.sql", "--format", "json").out)]
    assert (plan["samples"], plan["output_tokens"]["likely"]) == (100, first)


def test_a_table_of_somebody_else_is_left_alone(folder: Folder) -> None:
    folder.write("mine.csv", "a\n1\n")
    assert folder.say("load", "mine.csv", "llm_rehearsal.words").code == 0
    said = folder.say("run", "words.sql", "--rehearse")
    assert said.code == 1
    assert "llm_rehearsal.words is there and was not made by bqbatch for this prompt" in said.err
    assert folder.value("SELECT a FROM llm_rehearsal.words") == 1


def test_what_a_rehearsal_that_broke_off_left_goes_with_the_next(folder: Folder) -> None:
    made = rehearse(folder, "--simulate", "late:10%", "--max-cost", "2000")
    assert made["outcomes"]["pending"] > 0
    tables = "SELECT table_name FROM llm_rehearsal.INFORMATION_SCHEMA.TABLES WHERE table_name LIKE 'bqb#_%'".replace(
        "#", ""
    )
    assert [row for row in folder.query(tables) if row["table_name"].startswith("bqb_re")]
    assert "pending" not in rehearse(folder)["outcomes"]
    assert [row for row in folder.query(tables) if row["table_name"].startswith("bqb_r")] == []


# On Google Cloud.


def test_a_rehearsal_in_the_cloud_stays_in_the_warehouse(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=2)
    cloud.run("--limit", "1")
    before, cloud.server.calls[:] = cloud.tables(), []
    made = cloud.run("--rehearse")
    assert made | {"run_id": "", "input_tokens": 0, "output_tokens": 0, "cost_usd": 0} == {
        "run_id": "", "name": "words", "target": "prod", "model": "gemini-3.5-flash-lite", "rows": 6, "requests": 3,
        "reused": 2, "outcomes": {"ok": 5, "skipped": 1}, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0,
        "view": "proj.llm_rehearsal.words", "rehearsal": True,
    }  # fmt: skip
    assert made["cost_usd"] > 0
    assert {call.method.partition(".")[0] for call in cloud.server.calls} == {"bigquery"}
    assert cloud.tables() == before
    rows = cloud.rows("SELECT _model, COUNT(*) AS n FROM llm_rehearsal.words GROUP BY _model ORDER BY n")
    assert [(row["_model"], row["n"]) for row in rows if row["_model"]] == [
        ("gemini-3.5-flash-lite", 2), ("simulated", 3),
    ]  # fmt: skip
    jobs = cloud.rows("SELECT shard, requests FROM llm_rehearsal.bqbatch_jobs ORDER BY shard")
    assert [row["requests"] for row in jobs] == [2, 1]
    assert len(cloud.vertex.asked) == 1
    assert [row["requests"] for row in cloud.json("usage")] == [1]


def test_what_a_rehearsal_leaves_in_bigquery_expires_but_for_its_log(cloud: Cloud) -> None:
    cloud.vertex.bigquery.datasets["llm"] = "EU"
    cloud.run("--rehearse")
    bigquery = cloud.vertex.bigquery
    assert bigquery.datasets["llm_rehearsal"] == "EU"
    assert bigquery.rules.expirations["llm_rehearsal"] == 86_400
    kept = {name.removeprefix("llm_rehearsal."): about.expires for name, about in bigquery.tables.kept.items()}
    assert {name for name, expires in kept.items() if expires is None} == {
        "bqbatch_log",
        "bqbatch_runs",
        "bqbatch_jobs",
    }


def test_faults_are_for_rehearsals_in_the_cloud(cloud: Cloud) -> None:
    assert cloud.run("--rehearse", "--simulate", "429:100%")["outcomes"] == {"retryable": 5, "skipped": 1}
    said = cloud.say("run", "words.sql", "--simulate", "429:100%")
    assert (said.code, "hint: leave --target out, or add --rehearse" in said.err) == (1, True)


def test_who_may_make_no_dataset_is_told_which_role_may(cloud: Cloud) -> None:
    cloud.rules.denied.add("bigquery.datasets.create")
    said = cloud.say("run", "words.sql", "--rehearse")
    assert said.code == 1
    assert "bigquery.datasets.create" in said.err
    assert "hint: gcloud projects add-iam-policy-binding proj --member=" in said.err
    assert "--role=roles/bigquery.user" in said.err


@pytest.mark.parametrize(
    ("cap", "code", "asked"), [("0.0000001", 1, 0), ("0.00005", 4, 0), ("0.00042", 4, 3), ("1", 0, 4)]
)
def test_a_cap_holds_a_rehearsal_in_the_cloud(cloud: Cloud, cap: str, code: int, asked: int) -> None:
    cloud.configure(shard_size=1, in_flight=2)
    said = cloud.say(
        "run", "words.sql", "--rehearse", "--max-cost", cap, "--simulate", "truncated:100%", "--format", "json"
    )
    assert said.code == code, said.err
    if asked:
        made = rehearsed(said)
        assert made["requests"] == asked
        assert made["cost_usd"] <= float(cap)
        assert sum(made["outcomes"].values()) == 6
