"""A cap is never passed: 500 simulated runs, and 10,000 by `python -m tests.bench cap`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from bqbatch.run import budget, shards
from bqbatch.run.budget import Budget
from bqbatch.services import Job
from bqbatch.warehouses.duckdb.translate import translate
from tests import spending
from tests.spending import Quick, spend

PARTS, RUNS = 10, 500


@pytest.fixture(scope="module")
def warehouse() -> Quick:
    return Quick()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_run_is_billed_more_than_its_cap_and_none_stops_before_it_must(
    part: int, warehouse: Quick, record_property: Callable[[str, object], None]
) -> None:
    happened: Counter[str] = Counter()
    wrong = {}
    for number in range(part, RUNS, PARTS):
        problems, what = spend(number, warehouse)
        happened += what
        if problems:
            wrong[number] = problems
    assert not wrong
    assert all(happened[mishap] for mishap in ("jobs", "failed", "expired", "killed", "runs stopped at their cap")), (
        happened
    )
    record_property("runs under caps", RUNS // PARTS)
    record_property("runs stopped at their cap", happened["runs stopped at their cap"])


def wrongs(warehouse: Quick) -> str:
    """What is seen wrong in a few runs."""
    return " ".join(problem for number in range(40) for problem in spend(number, warehouse)[0])


def test_a_budget_that_forgets_what_is_in_the_air_is_found_out(
    warehouse: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "send", lambda self, job: None)
    assert "might be billed" in wrongs(warehouse)


def test_a_budget_without_padding_is_found_out(warehouse: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "PADDING", Decimal(1))
    assert "might be billed" in wrongs(warehouse)


def test_a_budget_that_keeps_what_has_landed_is_found_out(warehouse: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    def land(self: Budget, job: Job, usd: Decimal) -> None:
        self.spent += usd

    monkeypatch.setattr(Budget, "land", land)
    assert "more would fit" in wrongs(warehouse)


def test_a_budget_that_forgets_which_tokens_wait_is_found_out(
    warehouse: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "tokens_left", property(lambda self: self.tokens))
    assert "tokens wait" in wrongs(warehouse)


def test_shards_that_are_given_up_too_soon_are_found_out(warehouse: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_LEAST", 2_000)
    assert "more would fit" in wrongs(warehouse)


def test_statements_are_translated_as_they_are_without_a_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = spending.translated
    said: list[str] = []

    def both(sql: str) -> object:
        said.append(sql)
        assert remembered(sql).statements == translate(sql).statements
        return remembered(sql)

    monkeypatch.setattr(spending, "translated", both)
    warehouse = Quick()
    for number in range(5):
        spend(number, warehouse)
    assert len(said) > 50
