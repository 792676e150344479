"""What a model costs on a day: the package's table, a project's own prices, and what is said where there is none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bqbatch.prices import (
    FREE,
    MODALITIES,
    SERVICES,
    UNKNOWN,
    Line,
    Price,
    hint_for,
    listed,
    name_of,
    note_on_age,
    price_of,
)
from bqbatch.project import load_project

DAY = dt.date(2026, 11, 23)
DAYS = st.integers(1, 28)


def usd(price: Price | None) -> tuple[str, str, str] | None:
    return (str(price.input), str(price.output), str(price.cached)) if price else None


def own(folder: Path, text: str) -> tuple[Line, ...]:
    (folder / "bqbatch.toml").write_text(text, "utf-8")
    return load_project(folder).prices


def test_a_batch_costs_half_of_what_asking_online_costs() -> None:
    assert usd(price_of("gemini-3.5-flash", "vertex", DAY)) == ("0.75", "4.50", "0.15")
    assert usd(price_of("gemini-3.5-flash", "vertex", DAY, online=True)) == ("1.50", "9.00", "0.15")
    for line in listed():
        assert (line.batch_input * 2, line.batch_output * 2) == (line.input, line.output), line


def test_an_introductory_price_ends_with_its_last_day() -> None:
    for model in ("gemini-3.6-flash", "gemini-3.7-flash", "gemini-3.8-flash"):
        assert usd(price_of(model, "developer", dt.date(2026, 12, 31))) == ("0.375", "1.875", "0.075")
        assert usd(price_of(model, "developer", dt.date(2027, 1, 1), online=True)) == ("1.50", "7.50", "0.15")


def test_a_request_above_200k_tokens_is_all_of_it_at_the_higher_price() -> None:
    for tokens, expected in ((0, "1.00"), (200_000, "1.00"), (200_001, "2.00"), (900_000, "2.00")):
        price = price_of("gemini-3.1-pro-preview", "vertex", DAY, input_tokens=tokens)
        assert price and str(price.input) == expected
    assert price_of("gemini-3.5-flash", "vertex", DAY, input_tokens=900_000) == price_of(
        "gemini-3.5-flash", "vertex", DAY
    )


def test_a_price_has_its_tiers_and_a_projects_own_line_has_no_others(tmp_path: Path) -> None:
    def tiers(*lines: Line) -> list[tuple[int, str]]:
        price = price_of("gemini-3.1-pro", "vertex", DAY, lines)
        return [(tier.above, str(tier.input)) for tier in price.tiers] if price else []

    head = '[[prices]]\nmodel = "gemini-3.1-pro"\n'
    assert tiers() == [(200_000, "2.00")]
    assert tiers(*own(tmp_path, f"{head}input = 3\noutput = 9")) == []
    assert tiers(*own(tmp_path, f"{head}above = 500_000\ninput = 9\noutput = 9")) == [
        (500_000, "4.5"),
        (200_000, "2.00"),
    ]
    assert tiers(*own(tmp_path, f"{head}above = 100_000\ninput = 9\noutput = 9")) == [(100_000, "4.5")]
    flash = price_of("gemini-3.5-flash", "vertex", DAY)
    assert flash and flash.tiers == ()


def test_sound_costs_more_where_the_table_says_so() -> None:
    assert usd(price_of("gemini-3-flash", "vertex", DAY, modality="audio")) == ("0.50", "1.50", "None")
    assert price_of("gemini-3.5-flash", "vertex", DAY, modality="audio") == price_of("gemini-3.5-flash", "vertex", DAY)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("publishers/google/models/gemini-3.5-flash", "gemini-3.5-flash"),
        ("projects/p/locations/global/publishers/google/models/gemini-3.5-flash", "gemini-3.5-flash"),
        ("models/gemini-3.5-flash", "gemini-3.5-flash"),
        ("gemini-3.1-pro-preview", "gemini-3.1-pro"),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("gemini-2.5-flash-lite-001", "gemini-2.5-flash-lite"),
        ("gemini-2.5-flash@002", "gemini-2.5-flash"),
        (" gemini-3-flash ", "gemini-3-flash"),
    ],
)
def test_a_model_has_one_price_by_any_of_its_names(said: str, name: str) -> None:
    assert name_of(said) == name
    assert price_of(said, "vertex", DAY) == price_of(name, "vertex", DAY)
    assert price_of(said, "vertex", DAY) is not None


@pytest.mark.parametrize(
    "model",
    [
        "projects/p/locations/us-central1/models/1234567890123456789",
        "projects/p/locations/us-central1/endpoints/7",
        "tunedModels/mine",
        "gemini-3.5-flash-image",
        "gemini-flash-latest",
        "simulated",
        "claude-x",
        "",
    ],
)
def test_a_model_that_is_not_in_the_table_has_no_price(model: str) -> None:
    assert price_of(model, "vertex", DAY) is None


def test_what_to_do_about_a_model_without_a_price() -> None:
    hint = hint_for("gemini-3.5-flahs")
    assert hint.startswith("did you mean `gemini-3.5-flash`?")
    assert "[[prices]]" in hint
    assert hint_for("mine").startswith("[[prices]] in bqbatch.toml")


def test_a_project_may_have_prices_of_its_own(tmp_path: Path) -> None:
    lines = own(
        tmp_path,
        """
        [[prices]]
        model = "gemini-3.5-flash"
        service = "vertex"
        input = 1
        output = 7.2
        until = 2026-11-30
        [[prices]]
        model = "models/gemini-3.5-flash-001"
        service = "vertex"
        input = 1.2
        output = 8
        cached = 0.12
        batch_input = 0.5
        batch_output = 3
        from = 2026-12-01
        source = "contract"
        looked_up = 2026-11-01
        [[prices]]
        model = "projects/p/locations/us-central1/models/7"
        input = 0.000001
        output = 0
        """,
    )
    assert usd(price_of("gemini-3.5-flash", "vertex", DAY, lines)) == ("0.5", "3.6", "None")
    assert usd(price_of("gemini-3.5-flash", "vertex", dt.date(2026, 12, 1), lines)) == ("0.5", "3", "0.12")
    assert usd(price_of("gemini-3.5-flash", "vertex", dt.date(2026, 12, 1), lines, online=True)) == ("1.2", "8", "0.12")
    assert price_of("gemini-3.5-flash", "developer", DAY, lines) == price_of("gemini-3.5-flash", "developer", DAY)
    tuned = price_of("projects/p/locations/us-central1/models/7", "vertex", DAY, lines)
    assert tuned and tuned.as_json() == {"input": "0.0000005", "output": "0", "cached": None}
    assert "gemini-3.5-flash" in hint_for("gemini-3.5-flas", lines)


def test_a_project_without_prices_has_those_of_the_package(tmp_path: Path) -> None:
    assert own(tmp_path, 'model = "simulated"') == ()


def test_an_old_price_is_pointed_out() -> None:
    price = price_of("gemini-3.5-flash", "vertex", DAY)
    assert price and price.looked_up
    assert note_on_age("gemini-3.5-flash", price, price.looked_up + dt.timedelta(120)) is None
    said = note_on_age("gemini-3.5-flash", price, price.looked_up + dt.timedelta(121))
    assert said and "121 days ago" in said and "gemini-3.5-flash" in said
    assert note_on_age("mine", FREE, dt.date.max) is None
    assert note_on_age("mine", UNKNOWN, dt.date.max) is None


def test_the_table_says_one_thing_of_a_day_and_where_it_is_from() -> None:
    assert not [(one, other) for one, other in combinations(listed(), 2) if one.overlaps(other)]
    for line in listed():
        assert line.source and line.looked_up
        assert line.service in ("", *SERVICES) and line.modality in MODALITIES
        assert name_of(line.model) == line.model
        assert 0 < line.input <= line.output and (line.cached is None or line.cached < line.batch_input)


@given(
    st.lists(st.tuples(st.sampled_from(["", *SERVICES]), DAYS, DAYS), min_size=2, max_size=4),
    st.sampled_from(SERVICES),
    st.integers(1, 28),
)
def test_lines_that_do_not_overlap_give_one_price_whatever_their_order(
    drawn: list[tuple[str, int, int]], service: str, day: int
) -> None:
    zero = Decimal(0)
    lines = [
        Line("m", of, "text", 0, Decimal(at), zero, None, Decimal(at), zero, dt.date(2026, 2, min(first, last)),
             dt.date(2026, 2, max(first, last)), "", None)
        for at, (of, first, last) in enumerate(drawn)
    ]  # fmt: skip
    at = dt.date(2026, 2, day)
    clash = any(one.overlaps(other) for one, other in combinations(lines, 2))
    fitting = [line for line in lines if line.service in ("", service) and line.since <= at <= line.until]
    assert clash or len(fitting) <= 1
    if not clash:
        assert price_of("m", service, at, lines) == price_of("m", service, at, lines[::-1])
