"""Ways to pay less: each with dollars that are checked by hand, only where it applies, and nothing that is not known.

In a batch, a million tokens cost $0.15 in and $1.25 out with gemini-3.5-flash-lite ($0.03 from the cache), $0.125 and $0.75
with gemini-3.1-flash-lite, $0.75 and $4.50 with gemini-3.5-flash ($0.15).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch.prices import FREE, UNKNOWN, Price
from bqbatch.project import load_project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.ways import cheaper_models
from bqbatch.services.models import least_cached, less_thinking
from bqbatch.session import Session
from bqbatch.warehouses import Statement
from tests.clouds import Cloud
from tests.projects import Folder

Ways = dict[str, list[tuple[float | None, str]]]
NUMBERS = "FROM UNNEST(GENERATE_ARRAY(1, {{ var('n', '10') }})) AS n"


def ways_of(told: dict[str, Any]) -> Ways:
    """What a plan's JSON says of ways, by their names."""
    found: Ways = {}
    for way in told["ways"]:
        found.setdefault(way["way"], []).append((way["saves_usd"], way["note"]))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """A project without an account: a plan there is for the Gemini model that is named."""
    made = Folder.made(tmp_path / "project", monkeypatch)
    with made.opened():
        yield made


def plan(place: Cloud | Folder, *arguments: str) -> dict[str, Any]:
    target = ("--target", "prod") if isinstance(place, Cloud) else ()
    said = (place.folder if isinstance(place, Cloud) else place).say(
        "plan", "q.sql", *arguments, *target, "--format", "json"
    )
    assert said.code == 0, said.err
    told: dict[str, Any] = json.loads(said.out)
    return told


def planned(place: Cloud | Folder, *arguments: str) -> Ways:
    return ways_of(plan(place, *arguments))


def write(place: Cloud | Folder, config: str = "", prompt: str = "Count to {n}.", output: str = "") -> None:
    """A prompt over numbers."""
    block = f"{{% output %}}{output}{{% endoutput %}}\n" if output else ""
    (place.folder if isinstance(place, Cloud) else place).write(
        "q.sql",
        f"{{{{ config(model = 'gemini-3.5-flash-lite'{config}) }}}}\n{block}"
        f"SELECT n AS key, {{% prompt %}}{prompt}{{% endprompt %}} AS prompt {NUMBERS}",
    )


def answer(cloud: Cloud, **tokens: int) -> None:
    """Asks ten requests, and lets their answers have had these tokens."""
    cloud.json("run", "q.sql", "--limit", "10")
    changes = ", ".join(f"{name} = {value}" for name, value in tokens.items())
    cloud.vertex.bigquery.warehouse.execute(
        Statement(f"UPDATE `proj.llm.q__answers` SET {changes} WHERE attempt = 1", f"job_{len(changes)}")
    )


def test_a_cheaper_model_is_told_for_the_same_tokens(folder: Folder) -> None:
    """`Count to 1.` has five tokens, and `Count to 10.` six; the answer is guessed to have 300."""
    write(folder)
    told = plan(folder)
    assert (told["input_tokens"], told["output_tokens"]["likely"]) == (51, 3000)
    assert told["cost_usd"]["likely"] == pytest.approx((51 * 0.15 + 3000 * 1.25) / 1e6)
    [(usd, note)] = ways_of(told)["cheaper_model"]
    assert usd == pytest.approx((51 * (0.15 - 0.125) + 3000 * (1.25 - 0.75)) / 1e6)
    assert note.startswith(
        "the same tokens cost $0.0023 with gemini-3.1-flash-lite; how good its answers are is not known"
    )
    found = planned(folder, "--model", "gemini-3.8-flash")["cheaper_model"]
    assert [note.partition(" with ")[2].partition(";")[0] for _, note in found] == [
        "gemini-3.1-flash-lite", "gemini-3.5-flash-lite",
    ]  # fmt: skip
    assert "cheaper_model" not in planned(folder, "--model", "gemini-3.1-flash-lite")


def test_a_model_that_is_gone_elsewhere_or_thinks_otherwise_is_not_named(tmp_path: Path) -> None:
    def named(today: dt.date, config: str = "", location: str = "global") -> set[str]:
        (tmp_path / "bqbatch.toml").write_text(
            f'[targets.p]\ntype = "vertex"\nproject = "p"\nlocation = "{location}"\n'
            + "".join(f'[[prices]]\nmodel = "gemini-{name}"\ninput = 0.01\noutput = 0.01\n' for name in ("3.6-flash", "3.8-flash"))
        )  # fmt: skip
        return {name for name, _ in cheaper_models(load_project(tmp_path, "p"), compiled(tmp_path, config), "gemini-3.5-flash", (1, 1), today)}  # fmt: skip

    before, after = dt.date(2026, 11, 18), dt.date(2026, 11, 19)
    assert named(before) == {"gemini-3.6-flash", "gemini-3.8-flash"}
    assert named(after) == {"gemini-3.8-flash", "gemini-3.1-flash-lite"}
    assert named(after, location="eu") == {"gemini-3.5-flash-lite", "gemini-3.1-flash-lite"}
    assert named(dt.date(2026, 10, 19), "thinking = 0") == {"gemini-2.5-flash-lite", "gemini-2.5-flash"}


def compiled(root: Path, config: str) -> CompiledPrompt:
    (root / "q.sql").write_text(f"{{{{ config({config}) }}}} SELECT 1 AS key, 'x' AS prompt")
    return Session.open(root / "q.sql", "p").compile(root / "q.sql", {})


def test_thoughts_of_the_answers_so_far_are_what_less_thinking_may_save(cloud: Cloud) -> None:
    write(cloud, ", thinking = 'high', max_output_tokens = 1000")
    [(guess, note)] = planned(cloud)["less_thinking"]
    assert guess == pytest.approx((1000 - 500) * 10 * 1.25 / 1e6)  # the cap cuts 300 + 1,500 to 1,000
    assert note == "a guess, without answers: thinking = 'low' for 500 tokens of output a request, not 1,000"
    answer(cloud, output_tokens=40, thought_tokens=60)
    [(usd, note)] = planned(cloud, "--var", "n=30")["less_thinking"]
    assert usd == pytest.approx(20 * 60 * 1.25 / 1e6)
    assert note.startswith("at most: 60% of the output so far are thoughts; thinking = 'low' makes them fewer")
    answer(cloud, output_tokens=40, thought_tokens=0)
    assert "less_thinking" not in planned(cloud, "--var", "n=30")


@pytest.mark.parametrize(
    ("model", "level", "budget", "less"),
    [
        ("gemini-3.8-flash", None, None, "low"),
        ("gemini-3.8-flash", "high", None, "low"),
        ("gemini-3.8-flash", "low", None, "minimal"),
        ("gemini-3.8-flash", "minimal", None, None),
        ("gemini-3.7-flash", "low", None, None),
        ("gemini-3.1-pro-preview", None, None, "low"),
        ("gemini-3.1-pro-preview", "low", None, None),
        ("gemini-3.5-flash-lite", None, None, None),
        ("gemini-3.5-flash-lite", "medium", None, "low"),
        ("gemini-2.5-flash", None, None, 0),
        ("gemini-2.5-flash", None, 500, 0),
        ("gemini-2.5-flash", None, -1, 0),
        ("gemini-2.5-flash", None, 0, None),
        ("gemini-2.5-flash-lite", None, None, None),
        ("gemini-2.5-flash-lite", None, 100, 0),
        ("gemini-2.5-pro", None, None, 128),
        ("gemini-2.5-pro", None, 128, None),
        ("projects/p/locations/us/models/1", None, None, None),
    ],
)
def test_a_model_that_can_think_less_is_told_how(
    model: str, level: str | None, budget: int | None, less: str | int | None
) -> None:
    assert less_thinking(model, level, budget) == less


def test_a_schema_costs_its_tokens_in_every_request(folder: Folder) -> None:
    """{"type":"OBJECT","properties":{"score":{"type":"INTEGER","nullable":true}},"propertyOrdering":["score"]}: 22 tokens."""
    write(folder, output="score INT64")
    [(usd, note)] = planned(folder)["schema"]
    assert usd == pytest.approx(22 * 10 * 0.15 / 1e6)
    assert note.startswith("at most: the schema is 22 tokens of every request")
    write(folder)
    assert "schema" not in planned(folder)


def test_a_cap_that_answers_show_to_be_enough_lowers_the_worst_case(cloud: Cloud) -> None:
    write(cloud)
    assert "output_cap" not in planned(cloud)
    answer(cloud, output_tokens=50, thought_tokens=20)
    told = plan(cloud, "--var", "n=30")
    [(usd, note)] = ways_of(told)["output_cap"]
    assert usd == 0
    assert told["worst_usd"] == pytest.approx(20 * 65_536 * 1.25 / 1e6, rel=1e-3)
    assert note == (
        "of what is likely, but the worst case falls from $1.64 to $0.0064: max_output_tokens = 256, twice the longest "
        "of 10 answers"
    )
    caps = (767, 768)
    assert ["output_cap" in planned(cloud, "--var", "n=30", "--max-output-tokens", str(cap)) for cap in caps] == [
        False,
        True,
    ]


def test_what_requests_begin_with_may_come_from_the_cache(folder: Folder) -> None:
    """' very' is a token, and so 4,200 of them are 4,200; `Be` and ` to ` are 3 more. 4,096 are needed."""
    write(folder, prompt="Be" + " very" * 4200 + " to {n}", output="a BOOL")
    told = plan(folder)
    [(usd, note)] = ways_of(told)["shared_prefix"]
    assert usd == pytest.approx((4203 + 22) * 9 * (0.15 - 0.03) / 1e6)
    assert "requests begin with the same 4,225 tokens; 4,096 are needed" in note
    write(folder, prompt="Be" + " very" * 4000 + " to {n}")
    assert "shared_prefix" not in planned(folder)
    assert "shared_prefix" not in planned(folder, "--var", "n=1")


def test_text_behind_the_varying_one_is_told_to_be_moved(folder: Folder) -> None:
    write(folder, prompt="Say {n} thing" + " very" * 4200)
    [(usd, note)] = planned(folder)["shared_prefix"]
    assert usd == pytest.approx((2 + 4201) * 9 * (0.15 - 0.03) / 1e6)
    assert (
        "begin with the same 2 tokens and, if the 4,201 that all end with stood before the first column, 4,201 more"
        in note
    )
    write(folder, prompt="Be" + " very" * 4200 + " to {n} and" + " so" * 90)
    assert "stood before" not in planned(folder)["shared_prefix"][0][1]


@pytest.mark.parametrize(
    ("output", "function"),
    [
        ("label STRING CHECK (label IN ('a', 'b'))", "AI.CLASSIFY"),
        ("good BOOL NOT NULL", "AI.IF"),
        ("label STRING", None),
        ("labels ARRAY<STRING>", None),
        ("good BOOL, label STRING CHECK (label IN ('a', 'b'))", None),
    ],
)
def test_plain_labels_are_what_bigquery_has_functions_for(cloud: Cloud, output: str, function: str | None) -> None:
    write(cloud, output=output)
    found = planned(cloud).get("bigquery_function", [])
    assert [(usd, note.partition(" ")[0]) for usd, note in found] == ([(None, function)] if function else [])


def test_what_repeats_and_answers_save_is_told_as_saved(cloud: Cloud) -> None:
    write(cloud, prompt="Count to {m}.")
    file = cloud.folder.root / "q.sql"
    file.write_text(file.read_text().replace(NUMBERS, f"FROM (SELECT n, MOD(n, 4) AS m {NUMBERS})"))
    found = planned(cloud)
    [(usd, note)] = found["duplicates"]
    assert usd == pytest.approx(
        (6 * 5 * 0.15 + 6 * 300 * 1.25) / 1e6
    )  # `Count to 3.` has 5 tokens, space and digit apart
    assert note == "saved already: 6 rows with the request of another, asked once"
    assert list(found)[-1] == "duplicates"
    assert "answers" not in found
    cloud.json("run", "q.sql", "--limit", "2")
    [paid] = cloud.rows("SELECT SUM(input_tokens * 0.15 + output_tokens * 1.25) / 1e6 AS usd FROM q__answers")
    [(usd, note)] = planned(cloud)["answers"]
    assert usd == pytest.approx(float(paid["usd"]))
    assert note.startswith("saved already: 2 requests answered before, for ")
    assert "answers" not in planned(cloud, "--full-refresh")
    cloud.json("run", "q.sql")
    assert [(way["way"], way["note"]) for way in plan(cloud)["ways"]] == [
        ("answers", "saved already: 4 requests answered before, for 10 rows")
    ]


def test_what_has_no_price_saves_what_nobody_knows(folder: Folder) -> None:
    write(folder, output="good BOOL")
    found = planned(folder, "--model", "gemini-9-ultra")
    assert {name: [usd for usd, _ in each] for name, each in found.items()} == {"schema": [None]}


def test_the_best_way_comes_first_and_what_is_saved_last(cloud: Cloud) -> None:
    write(cloud, ", thinking = 'medium'", output="good BOOL")
    answer(cloud, output_tokens=5, thought_tokens=500)
    told = plan(cloud, "--var", "n=100")
    assert [way["way"] for way in told["ways"]] == [
        "less_thinking", "cheaper_model", "schema", "bigquery_function", "output_cap", "answers",
    ]  # fmt: skip
    said = cloud.say("plan", "q.sql", "--var", "n=100").out.splitlines()
    lines = said[[line.split()[0] for line in said].index("pay") :]
    assert lines[0] == (
        " pay less    $0.056 at most: 99% of the output so far are thoughts; thinking = 'low' makes them fewer, by how many "
        "is not known"
    )
    assert [line[:11].strip() for line in lines] == ["pay less"] * 6 + ["next"]
    assert "unknown AI.IF" in lines[3]


def test_nothing_is_to_save_where_asking_is_free(folder: Folder) -> None:
    folder.write("q.sql", "SELECT 1 AS key, 'x' AS prompt")
    assert "pay less" not in folder.say("plan", "q.sql").out
    assert plan(folder)["ways"] == []


def test_a_prompt_of_a_whole_request_is_told_of_no_settings(folder: Folder) -> None:
    body = '{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}'
    folder.write(
        "q.sql",
        "{{ config(model = 'gemini-3.8-flash') }}\n"
        f"SELECT 1 AS key, PARSE_JSON('{body}', wide_number_mode => 'round') AS request",
    )
    assert planned(folder).keys() == {"cheaper_model"}


@pytest.mark.parametrize(
    ("model", "least"),
    [("gemini-3.8-flash", 4096), ("gemini-2.5-pro", 2048), ("gemini-1.5-pro", None), ("projects/p/models/1", None)],
)
def test_a_cache_keeps_what_is_long_enough_for_the_model(model: str, least: int | None) -> None:
    assert least_cached(model) == least


def test_a_price_of_the_lowest_tier_is_what_tokens_cost() -> None:
    assert Price(Decimal("0.15"), Decimal("1.25")).usd(2_000_000, 1_000_000) == Decimal("1.55")
    assert (UNKNOWN.usd(1, 1), FREE.is_free, UNKNOWN.is_free) == (None, True, False)
