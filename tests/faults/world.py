"""A project and its cloud, set anew in no time; and what is left there, without what tells one run from another."""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.disturbance import Disturbance
from tests.faults.mortal import CALL_SECONDS, Ended, Mortal
from tests.faults.places import Place, place
from tests.loopback.http import Answer, Call, Loopback
from tests.targets import COLUMNS, PROMPT

RUN = ("run", "words.sql", "--target", "prod")
RESUME = ("resume", "words.sql", "--target", "prod")
NOTHING_BEGUN = re.compile("nothing is under way|nothing was run")
"""What `resume` says where `run` has to be typed again."""
WORDS = "id,word\n1,red\n2,green\n3,red\n4,\n5,blue\n6,black\n7,white\n"
SHARDS = "shard_size = 2\nin_flight = 2\n"
"""Five requests in three shards, two of them in the air."""
Tables = dict[str, list[Any]]
Plan = Mapping[int, str]
"""Faults by the calls at which they happen, counted from 1."""
_LOOKED_AT = {
    "words": "SELECT * EXCEPT (_run_id, _cost_usd) FROM words",
    "words__rows": "SELECT * FROM words__rows",
    "words__answers": "SELECT * EXCEPT (run_id, job, processed_time) FROM words__answers",
    "words__keys": "SELECT DISTINCT key, request_hash FROM words__keys",
    "jobs": "SELECT prompt, shard, attempt, state, requests, ended_as, again FROM bqbatch_jobs",
    "runs": "SELECT * EXCEPT (run_id, started, last_event, ended, message) FROM bqbatch_runs WHERE state = 'finished' AND requests > 0",
}


@dataclass
class World:
    """A project with a target on a loopback server, and two who carry out commands in it."""

    root: Path
    target: str = "vertex"
    prompt: str = PROMPT
    first: Mortal = field(init=False)
    second: Mortal = field(init=False)
    place: Place = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.place = place(self.target, self.root, COLUMNS)
        self.server = Loopback({})
        self.disturbance = Disturbance(self.server, lambda: self.first.pid or self.second.pid, CALL_SECONDS * 1.2)
        for name, text in {"words.csv": WORDS, "words.sql": self.prompt}.items():
            (self.root / name).write_text(text, "utf-8")
        self.set(SHARDS)
        self.first, self.second = Mortal(self.root), Mortal(self.root)
        self.clear()

    def set(self, settings: str) -> None:
        """Writes the target's settings; where they are others, what happens without a disturbance is seen anew."""
        where = f'{self.place.settings}\nendpoint = "{self.server.url}"'
        text, file = f"[targets.prod]\n{where}\n{settings}", self.root / "bqbatch.toml"
        if not file.exists() or file.read_text("utf-8") != text:
            self.__dict__.pop("_undisturbed", None)
            file.write_text(text, "utf-8")

    @contextlib.contextmanager
    def open(self) -> Iterator[World]:
        try:
            with self.server:
                yield self
        finally:
            self.first.close()
            self.second.close()

    @property
    def undisturbed(self) -> Tables:
        """What there is when nothing happened."""
        return self._undisturbed[0]

    @property
    def calls(self) -> int:
        """How many calls a run makes to which nothing happens."""
        return self._undisturbed[1]

    @functools.cached_property
    def _undisturbed(self) -> tuple[Tables, int]:
        self.clear()
        ended = self.say(RUN, {})
        assert ended.code == 0, ended
        return self.tables(), self.disturbance.calls

    def clear(self) -> None:
        """Leaves nothing of what was."""
        answers = self.place.clear()
        self.server.answers = {method: self._one_at_a_time(answer) for method, answer in answers.items()}
        self.server.calls.clear()
        self._ids = itertools.count(1)
        self.disturbance.start({})

    def _one_at_a_time(self, answer: Answer) -> Answer:
        def answered(call: Call) -> Any:
            with self._lock:
                return answer(call)

        return answered

    def say(self, command: tuple[str, ...], plan: Plan) -> Ended:
        """What a command ends with that is disturbed so."""
        self.disturbance.start(plan)
        return self._said_by(self.first, command)

    def _said_by(self, mortal: Mortal, command: tuple[str, ...]) -> Ended:
        return mortal.say(f"20260101_000000_{next(self._ids):06x}", *command)

    def live(self, *plans: Plan) -> list[str]:
        """What is wrong when a run was disturbed by the first plan, and each taking up of it by a further one."""
        self.clear()
        ended = self.say(RUN, plans[0])
        wrong = wrongs_of(ended)
        return wrong + (self._take_up(plans[1:]) if ended.code else self.problems())

    def live_together(self, *plans: Plan) -> list[str]:
        """What is wrong when two run at once, under the first plan, and what they leave is taken up under the others."""
        self.clear()
        self.disturbance.start(plans[0])
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda mortal: self._said_by(mortal, RUN), (self.first, self.second)))
        return [wrong for ended in both for wrong in wrongs_of(ended)] + self._take_up(plans[1:], of_two=True)

    def _take_up(self, plans: tuple[Plan, ...], *, of_two: bool = False) -> list[str]:
        wrong = []
        for plan in (*plans, {}):
            ended = self.say(RESUME, plan)
            wrong += wrongs_of(ended)
            if NOTHING_BEGUN.search(ended.err):
                ended = self.say(RUN, plan)
                wrong += wrongs_of(ended)
        if ended.code:
            wrong.append(f"what is undisturbed does not end well: {ended}")
        return wrong + self.problems(of_two=of_two)

    def tables(self) -> Tables:
        """What there is when all is done."""
        warehouse = self.place.warehouse
        with warehouse.step():
            return {name: sorted(warehouse.read(sql).rows, key=repr) for name, sql in _LOOKED_AT.items()}

    def problems(self, *, of_two: bool = False) -> list[str]:
        """What is not as it is without a disturbance; of two runs, the second may have asked what the first did not."""
        found = [
            difference(name, self.undisturbed[name], now)
            for name, now in self.tables().items()
            if not (of_two and name in ("runs", "jobs"))
        ]
        found = list(filter(None, found))
        twice = {key: times for key, times in Counter(self.place.asked).items() if times > 1}
        if twice:
            found.append(f"asked more than once: {twice}")
        warehouse = self.place.warehouse
        with warehouse.step():
            logged = warehouse.read("SELECT run_id, shard, attempt, state FROM bqbatch_jobs")
            states = {row["state"] for row in warehouse.read("SELECT state FROM bqbatch_runs")}
            names = warehouse.list_tables()
        jobs = {f"{row['run_id']}_{row['shard']}_{row['attempt']}": row["state"] for row in logged}
        sent = self.place.sent
        found += [f"the service has {sent.count(name)} jobs {name}" for name in set(sent) if sent.count(name) > 1]
        found += [f"job {name} is {jobs.get(name)} in the log" for name in sent if jobs.get(name) != "collected"]
        found += [f"job {name} of the log is {state}" for name, state in jobs.items() if state != "collected"]
        found += [f"a run is {state}" for state in states - {"finished", "stopped", "failed"}]
        found += [f"{name} is left" for name in names if name.startswith("bqb_") or name.endswith("__claim")]
        found += self.place.problems()
        return found


def wrongs_of(ended: Ended) -> list[str]:
    """What is wrong with how a command ended, whatever happened to it: a traceback, or an error that says nothing."""
    if ended.trace:
        return [ended.trace]
    if not ended.killed and (ended.code not in (0, 1) or (ended.code == 1 and "error: " not in ended.err)):
        return [f"ended with {ended}"]
    return []


def difference(name: str, undisturbed: list[Any], now: list[Any]) -> str:
    """What tells two states of a table apart; nothing where they are the same."""
    if now == undisturbed:
        return ""
    more, less = ([row for row in one if row not in other] for one, other in ((now, undisturbed), (undisturbed, now)))
    return f"{name}: {len(now)} rows for {len(undisturbed)}, has {more}, lacks {less}"
