"""What a plan says of output: the interval holds what is to come as often as it says, on populations of many shapes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.random import Generator

from bqbatch import sqlfiles
from bqbatch.warehouses.duckdb.translate import translate
from tests.engines import DATASET, Embedded, Engine, Judge

ANSWERS = sqlfiles.render("ledger/answers")
QUEUE = "SELECT '' AS key, 1 AS input_tokens LIMIT 0"
ROWS = "SELECT '' AS request_hash LIMIT 0"
RUNS = "SELECT 'run1' AS run_id, 'gemini' AS model"
KEYS = np.array([hashlib.sha256(str(at).encode()).hexdigest() for at in range(20_000)])
TABLES = {name: DATASET.of(name) for name in ("queue", "answers", "rows", "runs")}
PARAMETERS: dict[str, Any] = TABLES | {"model": "gemini", "ratio": "1", "input_price": "0.15", "output_price": "1.25"}

Whole = np.ndarray[tuple[int], np.dtype[np.int64]]


def skewed(lot: Generator, middle: float, sigma: float, size: int) -> Any:
    return lot.lognormal(np.log(middle), sigma, size)


# Output tokens of requests, by their input tokens.
KINDS: dict[str, Callable[[Generator, Any], Any]] = {
    "constant": lambda lot, inputs: np.full(len(inputs), lot.integers(1, 200)),
    "labels": lambda lot, inputs: np.where(lot.random(len(inputs)) < lot.uniform(0.02, 0.5), 9, 7),
    "normal": lambda lot, inputs: lot.normal(100, lot.uniform(5, 35), len(inputs)),
    "log-normal": lambda lot, inputs: skewed(lot, 80, lot.uniform(0.3, 1), len(inputs)),
    "thinking": lambda lot, inputs: (
        skewed(lot, 40, 0.3, len(inputs)) + (lot.random(len(inputs)) < 0.3) * skewed(lot, 1500, 0.5, len(inputs))
    ),
    "with input": lambda lot, inputs: (
        lot.uniform(0, 40) + inputs * skewed(lot, 0.4, lot.uniform(0.1, 0.7), len(inputs))
    ),
}
POPULATIONS = [(kind, seed) for seed in range(84) for kind in KINDS]
SIZES = (10, 20, 20, 50, 20, 200)


def translated(name: str, **parameters: Any) -> str:
    [sql] = translate(sqlfiles.render(name, **parameters)).statements
    return sql


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    engine = Embedded(tmp_path_factory.mktemp("interval") / "warehouse.duckdb")
    yield engine
    engine._open.__exit__(None, None, None)


def population(kind: str, seed: int) -> pa.Table:
    """Requests: their keys, their input tokens, and the output tokens they will take."""
    lot = np.random.default_rng([seed, list(KINDS).index(kind)])
    number = int(np.exp(lot.uniform(np.log(230), np.log(len(KEYS)))))
    inputs = np.maximum(10, skewed(lot, 300, lot.uniform(0.2, 1), number)).astype(int)
    spent = np.maximum(1, np.rint(KINDS[kind](lot, inputs))).astype(int)
    return pa.table({"key": KEYS[:number], "input_tokens": inputs, "spent": spent})


def test_the_interval_holds_the_dollars_of_90_in_100_populations(
    embedded: Embedded, record_property: Callable[[str, object], None]
) -> None:
    """Of each population a sample is answered; the interval is for the others."""
    say = embedded._connection.execute
    for name, shape in {"answers": ANSWERS, "queue": QUEUE, "rows": ROWS}.items():
        embedded.fill(name, shape, ())
    embedded.make("runs", RUNS)
    samples = {size: translated("plan/sample", queue=TABLES["queue"], size=size) for size in SIZES}
    interval = translated("plan/interval", **PARAMETERS)
    held: dict[str, list[bool]] = defaultdict(list)
    for kind, seed in POPULATIONS:
        embedded._connection.register("population", population(kind, seed))
        for table in ("answers", "queue", "rows"):
            say(f"TRUNCATE llm.{table}")
        say("INSERT INTO llm.rows SELECT key FROM population")
        say("INSERT INTO llm.queue SELECT key, input_tokens FROM population")
        say(
            f"""
            INSERT INTO llm.answers BY NAME
            SELECT key AS request_hash, 'run1' AS run_id, 1 AS attempt, input_tokens, spent AS output_tokens, now() AS processed_time
            FROM population JOIN ({samples[SIZES[seed % len(SIZES)]]}) USING (key)
            """
        )
        say("DELETE FROM llm.queue WHERE key IN (SELECT request_hash FROM llm.answers)")
        actual = say(
            "SELECT sum(queue.input_tokens * 0.15 + spent * 1.25) / 1e6 FROM llm.queue JOIN population USING (key)"
        )
        [dollars] = actual.fetchone() or ()
        [row] = say(interval).fetchall()
        assert row[0] == SIZES[seed % len(SIZES)]
        held[kind].append(float(row[-3]) - 1e-8 <= dollars <= float(row[-1]) + 1e-8)
    for kind, each in held.items():
        record_property(f"of {len(each)} populations held ({kind})", sum(each))
        assert len(each) >= 80
        assert np.mean(each) >= 0.85, kind
    assert np.mean([each for kind in held.values() for each in kind]) >= 0.88


@pytest.fixture(params=["judge", "embedded"])
def engine(request: pytest.FixtureRequest, embedded: Embedded) -> Engine:
    return Judge() if request.param == "judge" else embedded


def sample(engine: Engine, inputs: list[int], size: int) -> list[str]:
    engine.fill("queue", QUEUE, [{"key": key, "input_tokens": n} for key, n in zip(KEYS, inputs, strict=False)])
    return [row["key"] for row in engine.query(sqlfiles.render("plan/sample", queue=TABLES["queue"], size=size)).rows]


def test_a_sample_has_one_request_of_each_stratum_of_input(engine: Engine) -> None:
    inputs = [int(n) for n in skewed(np.random.default_rng(1), 300, 1, 200)]
    tokens = dict(zip(KEYS, inputs, strict=False))
    drawn = sorted(tokens[key] for key in sample(engine, inputs, 20))
    strata = np.array_split(sorted(inputs), 20)
    assert [bool(stratum[0] <= n <= stratum[-1]) for n, stratum in zip(drawn, strata, strict=True)] == [True] * 20


def test_a_sample_is_the_same_in_whatever_order_its_requests_are(engine: Engine) -> None:
    inputs = [100 + n % 7 for n in range(50)]
    first = sample(engine, inputs, 10)
    rows = [{"key": key, "input_tokens": n} for key, n in zip(KEYS, inputs, strict=False)]
    engine.fill("queue", QUEUE, reversed(rows))
    assert engine.query(sqlfiles.render("plan/sample", queue=TABLES["queue"], size=10)).rows == [
        {"key": key} for key in first
    ]


def test_a_sample_of_more_than_there_is_is_all_there_is(engine: Engine) -> None:
    assert sample(engine, [10, 20, 30], 20) == sorted(KEYS[:3])


JOBS = """
SELECT
  '' AS run_id, 1 AS shard, 1 AS attempt, CURRENT_TIMESTAMP() AS collected,
  1 AS requests, 1 AS answered, 1 AS input_tokens, 1 AS estimated_input_tokens
FROM UNNEST([1]) AS nothing
WHERE FALSE
"""


def calibration(engine: Engine, *jobs: tuple[str, int, int, int | None, int | None]) -> dict[str, Any]:
    """Of jobs in their order: run, requests, answered, tokens counted and estimated."""
    engine.make("runs", "SELECT 'run1' AS run_id, 'gemini' AS model UNION ALL SELECT 'run2', 'another'")
    names = ("run_id", "requests", "answered", "input_tokens", "estimated_input_tokens")
    rows = [
        {"shard": at, "attempt": 1, "collected": f"2026-01-01T00:00:{at:02}+00:00"}
        | {name: value for name, value in zip(names, job, strict=True) if value is not None}
        for at, job in enumerate(jobs)
    ]
    engine.fill("jobs", JOBS, [*rows, {"run_id": "run1", "shard": 99, "attempt": 1, "requests": 40}])
    sql = sqlfiles.render("plan/calibration", jobs=DATASET.of("jobs"), runs=DATASET.of("runs"))
    [row] = engine.query(sql, {"model": "gemini"}).rows
    return row


def test_estimates_are_corrected_by_what_a_model_counted(engine: Engine) -> None:
    assert calibration(engine) == {"jobs": 0}
    assert calibration(engine, ("run1", 10, 10, 1100, 1000), ("run1", 30, 30, 3500, 3000)) == {
        "jobs": 2,
        "ratio": "1.15",
    }


def test_few_answers_correct_nothing(engine: Engine) -> None:
    assert calibration(engine, ("run1", 19, 19, 3000, 1000)) == {"jobs": 1}
    assert calibration(engine, ("run1", 20, 20, 3000, 1000)) == {"jobs": 1, "ratio": "3"}


def test_jobs_that_are_not_comparable_correct_nothing(engine: Engine) -> None:
    """Of another model, with requests that were not answered, without counts."""
    good = ("run1", 20, 20, 1200, 1000)
    others = (
        ("run2", 20, 20, 3000, 1000),
        ("run1", 20, 19, 3000, 1000),
        ("run1", 20, 20, None, 1000),
        ("run1", 20, 20, 900, None),
    )
    assert calibration(engine, good, *others) == {"jobs": 1, "ratio": "1.2"}


def test_a_correction_is_of_the_latest_20_jobs_and_has_its_bounds(engine: Engine) -> None:
    assert calibration(engine, *[("run1", 5, 5, 9000, 1000)] * 5, *[("run1", 5, 5, 1300, 1000)] * 20) == {
        "jobs": 20,
        "ratio": "1.3",
    }
    assert calibration(engine, ("run1", 20, 20, 9000, 1000))["ratio"] == "4"
    assert calibration(engine, ("run1", 20, 20, 1, 1000))["ratio"] == "0.25"


def interval(engine: Engine, answers: str, requests: int) -> dict[str, Any]:
    """What `requests` of 300 tokens will take, after answers that a SELECT makes: n of spent tokens each."""
    engine.make("runs", RUNS)
    engine.make(
        "answers",
        f"""
        SELECT
          TO_HEX(SHA256(CAST(n AS STRING))) AS request_hash, 'run1' AS run_id, 1 AS attempt, 300 AS input_tokens,
          spent AS output_tokens, 0 AS thought_tokens, TIMESTAMP_ADD(TIMESTAMP '2026-01-01 00:00:00+00', INTERVAL n SECOND) AS processed_time
        FROM ({answers})
        """,
    )
    engine.make("rows", f"SELECT request_hash FROM {TABLES['answers']}")
    engine.make(
        "queue", f"SELECT CAST(n AS STRING) AS key, 300 AS input_tokens FROM UNNEST(GENERATE_ARRAY(1, {requests})) AS n"
    )
    [row] = engine.query(sqlfiles.render("plan/interval", **PARAMETERS)).rows
    return row


def test_more_answers_and_more_requests_make_a_narrower_interval(embedded: Embedded) -> None:
    def width(samples: int, requests: int) -> float:
        answers = f"SELECT n, 20 + MOD(n * n * 7919, 181) AS spent FROM UNNEST(GENERATE_ARRAY(1, {samples})) AS n"
        row = interval(embedded, answers, requests)
        assert row["samples"] == samples
        assert row["output_low"] < row["output_likely"] < row["output_high"]
        return float((row["output_high"] - row["output_low"]) / row["output_likely"])

    assert width(20, 2000) > width(100, 2000) > width(1000, 2000)
    assert width(100, 10) > width(100, 100) > width(100, 2000)


def test_the_latest_1000_answers_tell(embedded: Embedded) -> None:
    answers = "SELECT n, IF(n > 500, 7, 900) AS spent FROM UNNEST(GENERATE_ARRAY(1, 1500)) AS n"
    row = interval(embedded, answers, 100)
    assert (row["samples"], row["output_likely"], row["longest"]) == (1000, 700, 7)
