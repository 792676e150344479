"""A run that is killed, stopped or fails at any moment, and run again, comes to what an undisturbed run comes to.

In this process every moment is tried: a run changes the warehouse in a dozen transactions, so that before each of
them, and after the last, are all the states a killed process can leave. Real processes are killed by the clock.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bqbatch.errors import BqbatchError, Interrupted, WarehouseError
from bqbatch.run.planner import Planner
from bqbatch.run.result import RunResult
from bqbatch.run.runner import Runner
from bqbatch.screen import Screen
from bqbatch.services import Job
from bqbatch.services.simulated import SimulatedService, parse_faults
from bqbatch.session import Session
from bqbatch.warehouses import DryRun, Result, Statement, Table
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.projects import Folder

PROMPT = """
{{ config(max_attempts = 1) }}
{% output %}
  label STRING NOT NULL CHECK (label IN ('a', 'b'))
{% endoutput %}
SELECT id AS key, word, {{ prompt('Label {word}') }} AS prompt FROM {{ seed('words.csv') }}
"""
FAULTS = "429:12%,400:8%,truncated:8%,blocked:8%,bad_json:8%,schema:8%,missing:10%,duplicate:10%"
LATE = f"{FAULTS},late:15%"
Tables = dict[str, list[tuple[Any, ...]]]


def words(rows: int) -> str:
    """A seed of which every fourth text is a repeated one, and the last is missing."""
    lines = [f"{i},word {i - i % 4 // 3}" for i in range(rows)]
    return "\n".join(["id,word", *lines, f"{rows},", ""])


class Killed(BaseException):
    """What no code catches: the process is gone."""


class Mortal(DuckDBWarehouse):
    """A warehouse whose n-th change fails, before it is made or after; a dead one answers nothing any more."""

    def __init__(self, path: Path, failure: Callable[[], BaseException], at: int, *, after: bool = False) -> None:
        super().__init__(path, "llm")
        self.failure, self.at, self.after = failure, at, after
        self.changes, self.dead = 0, False

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        self.living()
        self.changes += 1
        if self.changes == self.at and not self.after:
            self.fail()
        yield
        if self.changes == self.at and self.after:
            self.fail()

    def fail(self) -> None:
        failure = self.failure()
        self.dead = isinstance(failure, Killed)
        raise failure

    def living(self) -> None:
        if self.dead:
            raise Killed

    def execute(self, *statements: Statement) -> None:
        with self.changing():
            super().execute(*statements)

    def load(self, path: Path, table: str) -> None:
        with self.changing():
            super().load(path, table)

    def read(self, sql: str, parameters: Any = None) -> Result:
        self.living()
        return super().read(sql, parameters)

    def describe(self, table: str) -> Table | None:
        self.living()
        return super().describe(table)

    def dry_run(self, sql: str) -> DryRun:
        self.living()
        return super().dry_run(sql)


class Counting(SimulatedService):
    """The simulated service, which notes what it was sent."""

    sent: Counter[str]

    def submit(self, job: Job) -> str:
        healthy = DuckDBWarehouse(self._warehouse.path, "llm")  # type: ignore[attr-defined]
        asked = [row["key"] for row in healthy.read(f"SELECT key FROM {job.requests}")]
        try:
            return super().submit(job)
        finally:
            if healthy.describe(job.responses):
                self.sent.update(asked)


class Story:
    """A project in which runs are disturbed."""

    def __init__(self, folder: Folder, faults: str) -> None:
        self.folder, self.faults = folder, faults
        self.file = folder.write("words.sql", PROMPT)
        folder.write("words.csv", words(40))
        self.sent: Counter[str] = Counter()
        self.path = folder.root / ".bqbatch" / "warehouse.duckdb"

    def run(self, warehouse: DuckDBWarehouse | None = None) -> RunResult:
        """One run."""
        warehouse = warehouse or DuckDBWarehouse(self.path, "llm")
        session = Session.open(self.file)
        prompt = session.compile(self.file, {})
        service = Counting(warehouse, prompt.output, parse_faults(self.faults))
        service.sent = self.sent
        return Runner(Planner(session.project, prompt, warehouse, Screen(quiet=True)), service).run()

    def settled(self) -> Tables:
        """What the tables hold when there is nothing more to come."""
        result = self.run()
        while result.outcomes.get("pending"):
            result = self.run()
        return tables(self.folder)


def tables(folder: Folder) -> Tables:
    """The rows, answers and view of the prompt, without what tells one run from another."""
    own = {"words": "_run_id", "words__rows": "", "words__answers": "run_id, job, processed_time"}
    with folder.warehouse.step():
        return {
            name: sorted(
                folder.warehouse.read(f"SELECT *{f' EXCEPT ({but})' if but else ''} FROM {name}").rows, key=repr
            )
            for name, but in own.items()
        }


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Story]:
    story = Story(Folder.made(tmp_path / "project", monkeypatch), getattr(request, "param", FAULTS))
    with DuckDBWarehouse(story.path, "llm")._open():  # a file that is open opens again at once
        yield story


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tables]:
    """What the tables hold without any disturbance, by faults."""
    found = {}
    for faults in (FAULTS, LATE):
        with pytest.MonkeyPatch.context() as patch:
            found[faults] = Story(Folder.made(tmp_path_factory.mktemp("undisturbed"), patch), faults).settled()
    return found


def changes_of_a_run(tmp_path_factory: pytest.TempPathFactory, faults: str = FAULTS) -> int:
    """How many transactions one run takes."""
    with pytest.MonkeyPatch.context() as patch:
        story = Story(Folder.made(tmp_path_factory.mktemp("counted"), patch), faults)
        warehouse = Mortal(story.path, Killed, at=0)
        story.run(warehouse)
    return warehouse.changes


MOMENTS = range(1, 17)  # `test_no_moment_is_left_out` holds it to be all
MOMENTS_OF_ASKING = range(8, 14)  # from the intent to ask to the answers


def assert_undisturbed(story: Story, undisturbed: Tables) -> None:
    assert story.settled() == undisturbed
    answers = story.folder.warehouse.read("SELECT request_hash FROM words__answers WHERE outcome != 'missing'")
    answered = Counter(row["request_hash"] for row in answers)
    assert {key: story.sent[key] for key in answered} == answered, "an answer was asked for again, or lost"
    assert story.folder.left_behind() == set()
    states = {row["state"] for row in story.folder.warehouse.read("SELECT state FROM bqbatch_runs")}
    assert states <= {"finished", "stopped", "failed"}


def test_no_moment_is_left_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert changes_of_a_run(tmp_path_factory) == MOMENTS[-1]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_before_any_change_is_picked_up(story: Story, moment: int, undisturbed: dict[str, Tables]) -> None:
    with contextlib.suppress(Killed):
        story.run(Mortal(story.path, Killed, at=moment))
    assert_undisturbed(story, undisturbed[FAULTS])


@pytest.mark.parametrize("story", [LATE], indirect=True, ids=["late"])
@pytest.mark.parametrize("moment", MOMENTS_OF_ASKING)
def test_answers_that_come_late_to_a_killed_run_are_picked_up(
    story: Story, moment: int, undisturbed: dict[str, Tables]
) -> None:
    with contextlib.suppress(Killed):
        story.run(Mortal(story.path, Killed, at=moment))
    assert_undisturbed(story, undisturbed[LATE])


@pytest.mark.parametrize(
    ("moment", "after"),
    [*((moment, False) for moment in MOMENTS), *((moment, True) for moment in MOMENTS_OF_ASKING)],
    ids=lambda value: {False: "before", True: "after"}[value] if isinstance(value, bool) else str(value),
)
def test_a_run_stopped_by_ctrl_c_at_any_change_is_picked_up(
    story: Story, moment: int, after: bool, undisturbed: dict[str, Tables]
) -> None:
    with contextlib.suppress(Interrupted):
        story.run(Mortal(story.path, KeyboardInterrupt, at=moment, after=after))
    assert_undisturbed(story, undisturbed[FAULTS])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_whose_warehouse_fails_at_any_change_is_picked_up(
    story: Story, moment: int, undisturbed: dict[str, Tables]
) -> None:
    with contextlib.suppress(BqbatchError):
        story.run(Mortal(story.path, lambda: WarehouseError("the disk is full"), at=moment))
    assert_undisturbed(story, undisturbed[FAULTS])


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_picks_up_may_be_killed_too(story: Story, seed: int, undisturbed: dict[str, Tables]) -> None:
    moments = random.Random(seed).sample(MOMENTS, 3)
    for moment in moments:
        with contextlib.suppress(Killed):
            story.run(Mortal(story.path, Killed, at=moment))
    assert_undisturbed(story, undisturbed[FAULTS])


# Processes.


@dataclass(frozen=True, slots=True)
class Life:
    """What an undisturbed process leaves, and for how long it works on its warehouse, in seconds."""

    tables: Tables
    seconds: float


ROWS = 5_000
CLOCK = random.Random(10)
MOMENTS_BY_CLOCK = sorted(CLOCK.uniform(0, 1) for _ in range(10))
MOMENTS_OF_CTRL_C = (0.15, 0.5, 0.85)


def big_story(root: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    story = Story(Folder.made(root, monkeypatch), "")
    story.folder.write("words.csv", words(ROWS))
    return story


def born(story: Story) -> subprocess.Popen[str]:
    """A process that has begun to work on its warehouse."""
    process = story.folder.process("run", "words.sql", "--simulate", FAULTS)
    while not story.path.exists() and process.poll() is None:
        time.sleep(0.01)
    return process


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    with pytest.MonkeyPatch.context() as patch:
        story = big_story(tmp_path_factory.mktemp("life"), patch)
        with born(story) as process:
            start = time.monotonic()
            process.communicate()
        return Life(tables(story.folder), time.monotonic() - start)


@pytest.mark.parametrize("moment", MOMENTS_BY_CLOCK, ids=lambda moment: f"{moment:.2f}")
def test_a_process_killed_at_a_random_moment_is_picked_up(
    moment: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: Life
) -> None:
    story = big_story(tmp_path / "project", monkeypatch)
    with born(story) as process:
        time.sleep(moment * life.seconds)
        process.kill()
    print(
        f"killed at {moment:.2f} of a run, one of {len(MOMENTS_BY_CLOCK)} moments; it ended with {process.returncode}"
    )
    assert story.folder.run("words.sql", "--simulate", FAULTS)["rows"] == ROWS + 1
    assert tables(story.folder) == life.tables
    assert story.folder.left_behind() == set()


@pytest.mark.parametrize("moment", MOMENTS_OF_CTRL_C)
def test_a_process_stopped_by_ctrl_c_says_how_to_go_on(
    moment: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: Life
) -> None:
    story = big_story(tmp_path / "project", monkeypatch)
    with born(story) as process:
        time.sleep(moment * life.seconds)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    if "rows" in out and moment > MOMENTS_OF_CTRL_C[0]:
        # It was faster than the clock said. Python that ends already knows of no handler: the signal itself ends it.
        assert process.returncode in (0, 130, -signal.SIGINT)
    else:
        assert (process.returncode, out) == (130, "")
        assert err.endswith("error: stopped; what was answered is stored\nhint: go on with: bqbatch run words.sql\n")
    assert "Traceback" not in err
    assert story.folder.run("words.sql", "--simulate", FAULTS)["rows"] == ROWS + 1
    assert tables(story.folder) == life.tables
    assert story.folder.left_behind() == set()


def test_ctrl_c_while_a_warehouse_is_opened_is_ctrl_c(tmp_path: Path) -> None:
    script = f"""
import os, random, signal, threading, time
from pathlib import Path
from bqbatch.warehouses.duckdb import DuckDBWarehouse
signal.signal(signal.SIGINT, signal.default_int_handler)
random.seed(1)
warehouse = DuckDBWarehouse(Path({str(tmp_path / "w.duckdb")!r}), "llm")
warehouse.read("SELECT 1 AS n")
stopped = 0
for _ in range(150):
    timer = threading.Timer(random.uniform(0, 0.03), os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        warehouse.read("SELECT 1 AS n")
        time.sleep(1)
    except KeyboardInterrupt:
        stopped += 1
print(stopped)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "150\n", "")
