"""Jobs that live in this process: threads take request after request, and a look at a job stores what they answered.

To any other process such a job is cancelled, and its table has what was stored.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import ServiceError
from bqbatch.services import Job, JobState, JobStatus
from bqbatch.warehouses import Statement, Warehouse

MOST_CHARACTERS = 4_000_000
"""Of the answers that one statement stores: BigQuery takes calls of 10 MB (https://cloud.google.com/bigquery/quotas#query_jobs)."""

Outcome = tuple[Mapping[str, Any], str]  # a response and its status, as a response table has them
Ask = Callable[[str, str], Outcome | None]
"""Takes a key and a request; None where it was given up. Raises ServiceError where no other would be answered either."""


@dataclass(slots=True)
class Work:
    """A job that this process is at. `stopping`: no new requests; `dropping`: those in flight are given up too.

    `trouble` is why it stopped by itself, if it did.
    """

    asked: queue.SimpleQueue[tuple[str, str]] = field(default_factory=queue.SimpleQueue)
    total: int = 0
    done: int = 0
    answers: deque[str] = field(default_factory=deque)
    trouble: ServiceError | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    dropping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def going(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def start(self, ask: Ask) -> None:
        """One more thread that answers."""
        self.threads.append(threading.Thread(target=self._answer, args=(ask,), daemon=True))
        self.threads[-1].start()

    def stop(self, grace: float, end: float) -> None:
        """Takes no new requests; those in flight have `grace` seconds, and their threads `end` more to break off."""
        self.stopping.set()
        self._wait(grace)
        self.dropping.set()
        self._wait(end)

    def _answer(self, ask: Ask) -> None:
        """Answers one request after the other, until there is none or the work stops."""
        with contextlib.suppress(queue.Empty):
            while not self.stopping.is_set():
                key, request = self.asked.get_nowait()
                try:
                    outcome = ask(key, request)
                except ServiceError as error:
                    self.trouble = error
                    self.stopping.set()
                    return
                if outcome is None or self.dropping.is_set():
                    return
                response, status = outcome
                self.answers.append(_text({"key": key, "response": response, "status": status}))

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for thread in filter(threading.Thread.is_alive, self.threads):
            thread.join(max(0, end - time.monotonic()))


class InProcess:
    """What a `BatchService` is whose jobs live in the process that submitted them; who answers is for those who inherit."""

    poll_seconds = 0.1
    settle_seconds = 0.0
    in_process = True
    grace_seconds = 2.0
    """How long requests in flight are waited for when a job is cancelled."""
    end_seconds = 20.0
    """How long after that a thread may need to break off."""

    def __init__(self, warehouse: Warehouse, model: str) -> None:
        self.model = model
        self._warehouse = warehouse
        self._works: dict[str, Work] = {}
        atexit.register(self.close)

    def begin(self, job: Job) -> Work:
        """The work of a job: its response table is made, if it is not there, and nobody answers yet."""
        create = f"CREATE TABLE IF NOT EXISTS {job.responses} AS\n{sqlfiles.render('responses/responses')}"
        self._warehouse.execute(Statement(create, f"bqb_{job.name}_responses"))
        unanswered = sqlfiles.render("responses/unanswered", requests=self.asked(job), responses=job.responses)
        work = Work()
        for row in self._warehouse.read(unanswered):
            work.asked.put((row["key"], row["request"]))
        work.total = work.asked.qsize()
        return work

    def asked(self, job: Job) -> str:
        """The requests of a job as they are asked: a table of `key` and `request`."""
        return job.requests

    def poll(self, job: Job) -> JobStatus:
        work = self._works.get(job.name)
        if work is None:
            return JobStatus(JobState.CANCELLED)
        going = work.going
        self._store(job, work)
        over = JobState.SUCCEEDED if work.done == work.total else JobState.CANCELLED
        return JobStatus(JobState.RUNNING if going else over, work.done, _words(work.trouble) if work.trouble else None)

    def cancel(self, job: Job) -> None:
        """Stops the job. Requests in flight have a few seconds; one that needs longer is not answered."""
        if work := self._works.get(job.name):
            work.stop(self.grace_seconds, self.end_seconds)
            self._store(job, work)

    def find(self, job: Job) -> str | None:
        return job.name if self._warehouse.describe(job.responses) else None

    def collect(self, job: Job) -> str | None:
        return job.responses if self._warehouse.describe(job.responses) else None

    def close(self) -> None:
        """Gives up all jobs."""
        for work in self._works.values():
            work.stop(0, self.end_seconds)

    def _store(self, job: Job, work: Work) -> None:
        """Stores what was answered; an answer that was, by a call that broke off, is passed over."""
        while work.answers:
            some, characters = list[str](), 0
            for answer in list(work.answers):
                characters += len(answer)
                if some and characters > MOST_CHARACTERS:
                    break
                some.append(answer)
            answers = f"[{','.join(some)}]"
            insert = f"INSERT INTO {job.responses}\n{sqlfiles.render('responses/stored', responses=job.responses)}"
            name = f"bqb_{job.name}_{hashlib.sha256(answers.encode()).hexdigest()[:32]}"
            self._warehouse.execute(Statement(insert, name, {"answers": answers}))
            work.done += len(some)
            for _ in some:
                work.answers.popleft()


def _words(error: ServiceError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _text(value: Mapping[str, Any]) -> str:
    """JSON text that a warehouse takes: half a pair of UTF-16 is no character."""
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
