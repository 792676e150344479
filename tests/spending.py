"""Runs under a cap, thousands of them: the real flight, its budget and its SQL, and a service that bills as it likes.

Each run has its own rows, lengths, output caps, prices, shards, cap and mishaps, by the number it is made from. The service
bills for every answer that it gives: at most the input that is taken for the worst case, and the output cap. Costs are
whole numbers here, of a millionth of a millionth of a dollar.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.random import Generator

import bqbatch.warehouses.duckdb as embedded
from bqbatch.names import Dataset
from bqbatch.prices import Price
from bqbatch.run.budget import PADDING, Budget
from bqbatch.run.flight import Flight, Stuck
from bqbatch.run.ledger import Claim
from bqbatch.run.script import Script
from bqbatch.run.shards import Shards
from bqbatch.services import Busy, Job, JobState, JobStatus
from bqbatch.warehouses.duckdb.translate import Translation, translate
from tests.faults.places import Memory

RUN_ID = "20260101_000000_000001"
UNITS = 10**12
"""Of a dollar."""
LEAST = 100
"""So many requests, or all that are left, make a shard that is worth its job."""
PRICES = (
    Price(Decimal("0.15"), Decimal("1.25")),
    Price(Decimal("0.05"), Decimal("0.2"), Decimal("0.005")),
    Price(Decimal(1), Decimal(6), Decimal("0.2"), tiers=(Price(Decimal(2), Decimal(9), Decimal("0.4"), above=3_000),)),
    Price(Decimal("0.000001"), Decimal("12.345678")),
    Price(Decimal("9.999999"), Decimal("0.000003"), Decimal(0)),
)
Whole = np.ndarray[tuple[int], np.dtype[np.int64]]
_VARIED = re.compile(rf"(?<={RUN_ID}_)\d+(?:_\d+)+|(?<=NUMERIC ')[\d.]+(?=')|(?<=BETWEEN )\d+|(?<= AND )\d+")

_RESPONSES = """
SELECT
  lpad(n::VARCHAR, 6, '0') AS key,
  CASE WHEN refused THEN '{}'::JSON ELSE to_json({
    'candidates': [{'content': {'parts': [{'text': 'x'}]}, 'finishReason': CASE WHEN cut THEN 'MAX_TOKENS' ELSE 'STOP' END}],
    'usageMetadata': {
      'promptTokenCount': i, 'candidatesTokenCount': o, 'thoughtsTokenCount': t, 'cachedContentTokenCount': c
    }
  }) END AS response,
  CASE WHEN refused THEN 'RESOURCE_EXHAUSTED: {"error": {"code": 429}}' ELSE '' END AS status,
  now() AS processed_time
FROM made
"""


class Killed(BaseException):
    """The process is no more."""


_QUICK = """
CREATE OR REPLACE MACRO googlesql.made(value, x, type_name) AS value;
CREATE OR REPLACE MACRO googlesql.safe_numeric(x) AS try_cast(x AS DECIMAL(38, 9));
CREATE OR REPLACE MACRO googlesql.total(beside, made) AS made;
CREATE OR REPLACE MACRO googlesql.json_texts(x, paths, shown) AS json_extract_string(x, paths);
CREATE OR REPLACE MACRO googlesql.json_types(x, paths, shown) AS [lower(name) FOR name IN json_type(x, paths)];
"""
"""As in `tests/faults/world.py`: DuckDB binds these sooner, and for what is counted here they are the same."""


class Quick(Memory):
    """A warehouse that translates a statement once, whatever numbers are in it."""

    def __init__(self) -> None:
        super().__init__()
        self._connection.execute(_QUICK)
        self._connection.execute("PRAGMA disable_optimizer")

    @contextlib.contextmanager
    def _remembering(self) -> Iterator[None]:
        with self._lock:
            embedded.translate = translated  # type: ignore[attr-defined]
            try:
                yield
            finally:
                embedded.translate = translate  # type: ignore[attr-defined]


def translated(sql: str) -> Translation:
    """The translation of a statement, by that of another one which differs from it in names and numbers alone."""
    numbers: dict[str, str] = {}
    masked = _VARIED.sub(lambda found: numbers.setdefault(found[0], f"7{len(numbers):03}00007"), sql)
    said = {mask: number for number, mask in numbers.items()}
    statements = _translated(masked).statements
    return Translation(tuple(re.sub(r"7\d{3}00007", lambda found: said[found[0]], text) for text in statements), sql)


_translated = functools.lru_cache(1000)(translate)


def quoted(table: str) -> str:
    """A table's path as DuckDB writes it."""
    return table.replace(".", '"."').replace("`", '"')


@dataclass
class Requests:
    """The requests of a run by position, from 0: input as estimated, at the worst and as it is, output caps, and lengths."""

    estimated: Whole
    padded: Whole
    input: Whole
    most: Whole
    output: Whole
    thoughts: Whole
    cached: Whole

    @classmethod
    def made(cls, lot: Generator, ratio: Decimal) -> Requests:
        number = int(np.exp(lot.uniform(np.log(lot.choice([1, 100, 100, 100])), np.log(2_000))))
        estimated = np.maximum(1, lot.lognormal(lot.uniform(2, 8), lot.uniform(0, 1.5), number)).astype(np.int64)
        padding = int(max(Decimal(1), ratio) * PADDING * UNITS)
        padded = np.array([-(-int(tokens) * padding // UNITS) for tokens in estimated], np.int64)
        inputs = padded if lot.random() < 0.3 else lot.integers(estimated // 2, padded + 1)
        most = lot.choice([[50], [8_192], [20, 400, 65_536]][lot.integers(3)], number).astype(np.int64)
        long = lot.choice([0.0, 0.05, 0.5, 1.0])  # the share that runs to its cap
        spent = np.minimum(most, lot.lognormal(lot.uniform(1, 7), lot.uniform(0, 1.5), number).astype(np.int64))
        spent = np.where(lot.random(number) < long, most, spent)
        thoughts = (spent * lot.choice([0.0, lot.random()])).astype(np.int64)
        cached = (inputs * lot.choice([0.0, 0.0, lot.random()])).astype(np.int64)
        return cls(estimated, padded, inputs, most, spent - thoughts, thoughts, cached)

    def billed(self, price: Price) -> Whole:
        """What each costs."""
        return costs(price, self.input, self.output + self.thoughts, self.cached)

    def worst(self, price: Price) -> Whole:
        """What each may cost."""
        return costs(price, self.padded, self.most, np.zeros_like(self.padded))


def costs(price: Price, inputs: Whole, outputs: Whole, cached: Whole) -> Whole:
    """What requests cost, each at the price that its input reaches."""
    total = np.zeros_like(inputs)
    for tier in (price, *reversed(price.tiers)):  # the price of the least input is the first, and is above -1
        given, made = _whole(tier.input), _whole(tier.output)
        from_cache = given if tier.cached is None else _whole(tier.cached)
        cost = (inputs - cached) * given + cached * from_cache + outputs * made
        total = np.where(inputs > (tier.above or -1), cost, total)
    return total


def _whole(usd: Decimal | None) -> int:
    assert usd is not None
    return int(usd * 1_000_000)


@dataclass
class Biller:
    """A service that takes jobs, ends them as it likes, and bills what it answered; `problems` is what it saw wrong."""

    warehouse: Memory
    lot: Generator
    requests: Requests
    price: Price
    cap: int
    mishaps: Mapping[str, float]
    tokens: int | None = None
    model: str = "gemini-3.5-flash-lite"
    poll_seconds: float = 0.0
    settle_seconds: float = 0.0
    in_process: bool = False
    billed: int = 0
    kills: int = 2
    stopped: bool = False
    air: dict[str, Whole] = field(default_factory=dict)
    over: dict[str, JobState] = field(default_factory=dict)
    answered: Counter[int] = field(default_factory=Counter)
    asked: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)

    def _happens(self, mishap: str) -> bool:
        happens = bool(self.lot.random() < self.mishaps.get(mishap, 0))
        self.happened[mishap] += happens
        return happens

    def _kill(self) -> None:
        if self.kills and self._happens("killed"):
            self.kills -= 1
            raise Killed

    def submit(self, job: Job) -> str:
        if self._happens("busy"):
            raise Busy("busy")
        self._kill()
        keys = [row[0] for row in self.warehouse.read(f"SELECT key FROM {job.requests}").rows]
        self.air[job.name] = np.array(sorted(map(int, keys)), np.int64)
        self.asked.update(map(int, keys))
        if len(keys) != job.span.requests:
            self.problems.append(f"{job.name} has {len(keys)} requests, and says {job.span.requests}")
        worst = self.billed + sum(int(self.requests.worst(self.price)[at].sum()) for at in self.air.values())
        if worst > self.cap:
            self.problems.append(f"{job.name} is sent, and {worst / UNITS} might be billed")
        waiting = sum(int(self.requests.padded[at].sum()) for at in self.air.values())
        if self.tokens and waiting > self.tokens:
            self.problems.append(f"{job.name} is sent, and {waiting} tokens wait")
        self.happened["jobs"] += 1
        self._kill()
        return job.name

    def poll(self, job: Job) -> JobStatus:
        self._kill()
        if job.name not in self.over and self.lot.random() < 0.5:
            self._end(job)
        return JobStatus(self.over.get(job.name, JobState.RUNNING))

    def _end(self, job: Job) -> None:
        state = JobState.SUCCEEDED
        for mishap, ends in (
            ("failed", JobState.FAILED),
            ("expired", JobState.EXPIRED),
            ("cancelled", JobState.CANCELLED),
        ):
            if self._happens(mishap):
                state = ends
        at = self.air.pop(job.name)
        if state != JobState.SUCCEEDED:
            at = at[self.lot.random(len(at)) < self.lot.choice([0.0, 0.5, 0.99])]
        self.over[job.name] = state
        self.stopped |= state == JobState.CANCELLED or (state == JobState.FAILED and not len(at))
        self._answer(job, at)

    def _answer(self, job: Job, at: Whole) -> None:
        requests = self.requests
        refused = self.lot.random(len(at)) < self.mishaps.get("429", 0)
        self.billed += int(requests.billed(self.price)[at[~refused]].sum())
        if self.billed > self.cap:
            self.problems.append(f"{self.billed / UNITS} is billed")
        self.answered.update(map(int, at))
        made = pa.table({
            "n": at, "refused": refused, "i": requests.input[at], "o": requests.output[at], "t": requests.thoughts[at],
            "c": requests.cached[at], "cut": (requests.output + requests.thoughts >= requests.most)[at],
        })  # fmt: skip
        with self.warehouse._open() as connection:
            connection.register("made", made)
            connection.execute(f"CREATE TABLE {quoted(job.responses)} AS {_RESPONSES}")
            connection.unregister("made")

    def cancel(self, job: Job) -> None:
        raise AssertionError("nobody cancels here")

    def find(self, job: Job) -> str | None:
        return job.name if job.name in self.air or job.name in self.over else None

    def collect(self, job: Job) -> str | None:
        return job.responses if job.name in self.over else None


class Watched(Shards):
    """Shards of which is known what they would have sent next when they were given up."""

    next_at: tuple[int, ...] | None = None

    def drop(self) -> int:
        if not self._ready:
            again = self._again[0] if self._again else None
            first, last = (again.span.first, again.span.last) if again else (self._first, self.requests)
            sql = f"SELECT CAST(key AS INT64) FROM {self.script.work.queue} WHERE position BETWEEN {first} AND {last}"
            if again:
                sql += f" AND key NOT IN (SELECT request_hash FROM {self.script.objects.answers})"
            type(self).next_at = tuple(sorted(row[0] for row in self.warehouse.read(sql).rows))
        return super().drop()


class Unhurried(Flight):
    """A flight that asks nobody how long it may take."""

    def _expect(self) -> None: ...


class Silent:
    """A watcher that nobody looks at."""

    def step(self, text: str) -> None: ...
    def doing(self, text: str) -> None: ...
    def progress(self, done: int, total: int) -> None: ...
    def note(self, text: str) -> None: ...


def spend(number: int, warehouse: Memory) -> tuple[list[str], Counter[str]]:
    """What is wrong with the run of this number, and what happened in it."""
    lot = np.random.default_rng(number)
    ratio = Decimal(str(round(lot.choice([1.0, 0.8, lot.uniform(0.25, 4)]), 4)))
    requests, price = Requests.made(lot, ratio), PRICES[lot.integers(len(PRICES))]
    worst = requests.worst(price)
    cap = Decimal(int(int(worst.sum()) * lot.choice([0.001, lot.random(), lot.random(), 1.0, 2.0]) / 10**6) + 1) / 10**6
    often = {"busy": 0.05, "killed": 0.05, "failed": 0.15, "expired": 0.15, "cancelled": 0.03, "429": 0.1}
    mishaps = {name: share for name, share in often.items() if lot.random() < 0.4}
    size = int(len(worst) * lot.uniform(0.1, 1.5)) + 1
    in_flight = int(lot.integers(1, 6))
    tokens = int(requests.padded.sum() * lot.random() + requests.padded.max()) if number % 3 == 0 else None
    service = Biller(warehouse, lot, requests, price, int(cap * UNITS), mishaps, tokens)
    script = Script("words", Dataset("llm"), RUN_ID, (), service.model, 3, size, price)
    flight = _flown(script, warehouse, service, Budget(cap, ratio, tokens=tokens), in_flight)
    service.happened["runs stopped at their cap"] += flight.over_cap > 0
    return service.problems + _problems(flight, service, cap), service.happened


def clear(warehouse: Memory, script: Script) -> None:
    """Leaves the log and the accounts, empty."""
    if warehouse.describe(script.dataset.log) is None:
        warehouse.execute(*script.ledger.setup(), *script.accounts())
    with warehouse._open() as connection:
        working = "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'bqb_')"
        for (table,) in connection.execute(working).fetchall():
            connection.execute(f"DROP TABLE llm.{table}")
        connection.execute("TRUNCATE llm.bqbatch_log; TRUNCATE llm.words__answers; TRUNCATE bqbatch.jobs")


def _flown(script: Script, warehouse: Memory, service: Biller, budget: Budget, most: int) -> Flight:
    """The run at its end, by as many processes as it takes."""
    requests, number = service.requests, len(service.requests.estimated)
    clear(warehouse, script)
    with warehouse._open() as connection:
        queue = pa.table({
            "position": np.arange(1, number + 1), "input_tokens": requests.estimated, "most_output_tokens": requests.most,
        })  # fmt: skip
        connection.register("queue", queue)
        connection.execute(
            f"CREATE TABLE {quoted(script.work.queue)} AS "
            "SELECT lpad((position - 1)::VARCHAR, 6, '0') AS key, '{}'::JSON AS request, * FROM queue"
        )
        connection.unregister("queue")
    Watched.next_at = None
    claim = Claim(warehouse, script.objects, script.ledger)
    taken_up = False
    while True:
        fresh = Budget(budget.cap, budget.ratio, tokens=budget.tokens)
        waiting = Watched(script, warehouse, fresh, number, int(requests.estimated.sum()))
        flight = Unhurried(script, warehouse, service, Silent(), claim, waiting, most, Stuck("warn", 24, 24))
        try:
            if taken_up:
                flight.take_up()
            flight.fly()
            return flight
        except Killed:
            taken_up = True


def _problems(flight: Flight, service: Biller, cap: Decimal) -> list[str]:
    """What is wrong at the end of a run."""
    found, number = [], len(service.requests.estimated)
    if service.air:
        found.append(f"{len(service.air)} jobs are still in the air")
    spent, billed = flight.budget.spent, Decimal(service.billed) / UNITS
    if abs(spent - billed) > Decimal("0.00000001") * (1 + service.happened["jobs"]):
        found.append(f"{spent} is said to be spent, and {billed} was billed")
    rows = flight.warehouse.read(
        f"SELECT CAST(request_hash AS INT64), run_id FROM {flight.script.objects.answers}"
    ).rows
    times = Counter(row[0] for row in rows)
    lacking = [key for key, count in service.answered.items() if times[key] < 1 or count > 3]
    if lacking or set(times) - service.asked or any(not 0 <= key < number for key in times):
        found.append(f"answers are not those that were given: {lacking[:3]}")
    unasked = number - len(service.asked)
    if not service.stopped and unasked > flight.over_cap:
        found.append(f"{unasked} are not asked, and {flight.over_cap} are said to be over the cap")
    if not flight.over_cap and not service.stopped and unasked:
        found.append(f"{unasked} are left out in silence")
    if flight.over_cap and Watched.next_at:
        next_ones = np.array(Watched.next_at[:LEAST], np.int64)
        needed = int(service.requests.worst(service.price)[next_ones].sum())
        # A millionth of a dollar is added, since sums are rounded.
        if service.billed + needed + 2 * UNITS // 10**6 <= service.cap:
            found.append(f"stopped, and {len(next_ones)} more would fit: {needed / UNITS} of {cap - billed}")
    return found
