"""The jobs of one run in the air: so many at a time, shards in their order, each collected as it ends.

What a job that ends without all its answers leaves open is for the shard's next attempt, and only that. Everything
here can be taken up by another process: where the flight stands is in the log.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bqbatch import sqlfiles
from bqbatch.project import Target
from bqbatch.run.budget import Budget
from bqbatch.run.collector import Collector
from bqbatch.run.ledger import Claim
from bqbatch.run.script import Script
from bqbatch.run.shards import Shards
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService, Busy, Job, JobState, JobStatus, Refused, Span
from bqbatch.warehouses import Warehouse

_RENEW_SECONDS = 180
_RESUBMIT, _WARN = "resubmit", "warn"


@dataclass(frozen=True, slots=True)
class Stuck:
    """What is done with a job that waits to start, or runs, for more than so many hours: `warn`, `resubmit`, `give up`."""

    policy: str
    pending_hours: float
    running_hours: float

    @classmethod
    def of(cls, target: Target) -> Stuck:
        """What a target of the project says."""
        return cls(target.stuck, target.pending_hours, target.running_hours)

    def is_stuck(self, status: JobStatus) -> bool:
        hours = self.running_hours if status.state == JobState.RUNNING else self.pending_hours
        return status.seconds is not None and status.seconds > hours * 3600


@dataclass(slots=True)
class Flight:
    """The jobs of one run, released and watched by this process, which holds the prompt's claim.

    `waiting` are the shards that were not sent yet; `most` is how many jobs are in the air at a time. With `closing`
    nothing more is sent. In the end `over_cap` requests are left that might have cost more than the run may.
    """

    script: Script
    warehouse: Warehouse
    service: BatchService
    watcher: Watcher
    claim: Claim
    waiting: Shards
    most: int
    stuck: Stuck
    closing: bool = False
    over_cap: int = 0
    flying: list[Job] = field(default_factory=list)
    paused: list[Job] = field(default_factory=list)
    _done: dict[str, int] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)
    _mine: set[str] = field(default_factory=set)
    _renewed: float = field(default_factory=time.monotonic)
    _renewals: int = 0

    @property
    def requests(self) -> int:
        """How many requests the run asks in all."""
        return self.waiting.requests

    @property
    def budget(self) -> Budget:
        return self.waiting.budget

    @property
    def collector(self) -> Collector:
        return Collector(self.warehouse, self.service, self.watcher, self.claim.ledger.run_id)

    def take_up(self) -> None:
        """A run that another process began: what is in the air stays there, and the rest waits."""
        sql = sqlfiles.render("ledger/shards", jobs=self.script.dataset.jobs)
        for row in self.warehouse.read(sql, {"run_id": self.script.run_id}):
            job = self.script.job(span_of(row), row["shard"], row["attempt"], row["job"])
            self.waiting.sent(job, row["end_position"])
            self.budget.land(job, row["cost_usd"] or Decimal(0))
            if row["state"] == "collected":
                self._done[job.name] = job.span.requests
                self._ask_again(job, wanted=row["again"])
                continue
            self.budget.send(job)
            if name := find(self.service, job):
                if row["state"] == "intended":  # whoever sent it did not live to hear of it
                    self.warehouse.execute(self.script.ledger.event("submitted", job.shard, job.attempt, job=name))
                self.flying.append(replace(job, sent_as=name))
            else:
                self.waiting.put_back(job)

    def release(self) -> None:
        """Sends shards that wait for as long as more may be in the air. Raises ServiceError.

        A shard that is refused waits for its next attempt, after what stands in its way is mended.
        """
        while len(self.flying) < self.most:
            with together(self.warehouse, self.service):
                job = self.waiting.take(in_the_air=bool(self.flying))
                if job is None:
                    self._note_cap()
                    return
                self.flying.append(job)
                span, ledger = job.span, self.script.ledger
                self.warehouse.execute(
                    *self.script.requests(job),
                    ledger.event(
                        "intended", job.shard, job.attempt, job=job.name, requests=span.requests, first=span.first,
                        last=span.last, estimated_input_tokens=span.input_tokens, worst_usd=span.worst_usd,
                    ),
                )  # fmt: skip
                try:
                    self._mine.add(job.name)
                    service_name = self.service.submit(job)
                except Busy as busy:
                    self.budget.refuse(job)
                    self.waiting.put_back(self.flying.pop())
                    self._warn_once("busy", f"{busy.message}; trying again")
                    return
                except Refused:
                    self.collector.collect_nothing(self.script, self.flying.pop(), "REFUSED", again=True)
                    raise
                self.warehouse.execute(ledger.event("submitted", job.shard, job.attempt, job=service_name))
            self._tell()

    def _note_cap(self) -> None:
        """Where nothing is in the air and yet no shard may be sent, the money is at its end."""
        if self.waiting and not self.flying:
            self.over_cap = self.waiting.drop()

    def fly(self) -> None:
        """Releases every shard and brings all answers home. Raises ServiceError, WarehouseError or RunError."""
        self._tell()
        if (self.waiting or self.flying) and not self.service.in_process:
            self._expect()
        try:
            # Before anything is sent: what another process sent may be of an account that this one is not.
            for job in list(self.flying):
                self._look(job)
            while self.waiting or self.flying:
                self.release()
                for job in list(self.flying):
                    self._look(job)
                if self.waiting or self.flying:
                    self._renew()
                    time.sleep(self.service.poll_seconds)
        except KeyboardInterrupt:
            if self.service.in_process:
                self.abort(again=True)
            raise

    def _expect(self) -> None:
        """Says how long it may take, as far as the log knows."""
        sql = sqlfiles.render("ledger/pace", jobs=self.script.dataset.jobs, runs=self.script.dataset.runs)
        [pace] = self.warehouse.read(sql, {"model": self.script.model})
        if pace["jobs"]:
            times = [age_text(pace[name]) for name in ("usual", "shortest", "longest")]
            self.watcher.note(f"jobs of {self.script.model} took {times[0]} of late ({times[1]} to {times[2]})")

    def abort(self, *, again: bool = False) -> None:
        """Stops all that is in the air and brings home what was answered; `again` keeps the rest for a next attempt."""
        self.waiting.drop()
        for job in self.flying:
            self.service.cancel(job)
        for job in list(self.flying):
            self.land(job, JobState.CANCELLED, again=again)

    def _look(self, job: Job) -> None:
        status = self.service.poll(job)
        self._done[job.name] = min(job.span.requests, status.done or 0)
        if not status.state.moving:
            if status.message:
                self.watcher.note(f"{job.name}: {status.state.value.lower()}: {status.message}")
            if status.state.complete:
                self._done[job.name] = job.span.requests
            self.land(job, status.state)
            return
        self._tell(status)
        if self.stuck.is_stuck(status):
            self._mend(job, status)

    def _mend(self, job: Job, status: JobStatus) -> None:
        """A job that sits too long."""
        since = f"{job.name} is {status.state.value.lower()} for {(status.seconds or 0) / 3600:,.1f} hours"
        if self.stuck.policy == _WARN:
            self._warn_once(
                f"{job.name} {status.state}", f"{since}; `bqbatch cancel` ends it and keeps what was answered"
            )
            return
        again = self.stuck.policy == _RESUBMIT and job.attempt < self.script.max_attempts
        self.watcher.note(f"{since}: cancelled, {'what has no answer is asked again' if again else 'given up'}")
        self.service.cancel(job)
        self.land(job, JobState.CANCELLED, again=again)

    def land(self, job: Job, state: JobState, *, again: bool | None = None) -> None:
        """Collects a job that moves no more."""
        if again is None and state == JobState.CANCELLED:
            again = self.service.in_process and job.name not in self._mine  # it went with its process
        with together(self.warehouse, self.service):
            home = self.collector.collect(self.script, job, state, again=again)
        self.flying.remove(job)
        if state == JobState.PAUSED:
            self.paused.append(job)
        else:
            self.budget.land(job, home.cost_usd)
        if (state == JobState.CANCELLED and not home.again) or (state == JobState.FAILED and not home.answered):
            self._stop(state)
        self._ask_again(job, wanted=home.again)
        self._tell()

    def _stop(self, state: JobState) -> None:
        """A job was cancelled, here or elsewhere, or failed and answered nothing: no further shard is sent."""
        if self.waiting:
            why = f"a job {'was cancelled' if state == JobState.CANCELLED else 'failed'}"
            self.watcher.note(f"{self.waiting.drop():,} requests that were not sent yet are left out, as {why}")

    def _ask_again(self, job: Job, *, wanted: bool) -> None:
        if wanted and not self.closing:
            self.waiting.ask_again(job)

    def _tell(self, status: JobStatus | None = None) -> None:
        shards = max(self.waiting.expected, self.waiting.number)
        if shards > 1 or (status and status.seconds and not status.done):
            age = f", {age_text(status.seconds)}" if status and status.seconds else ""
            state = f" {status.state.value.lower()}{age}" if status else ""
            self.watcher.doing(f"asking, {len(self.flying)} of {shards} shards in the air{state}")
        self.watcher.progress(min(self.requests, sum(self._done.values())), self.requests)

    def _warn_once(self, about: str, text: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            self.watcher.note(text)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed > _RENEW_SECONDS:
            self._renewed, self._renewals = time.monotonic(), self._renewals + 1
            self.claim.renew(self._renewals)


def together(warehouse: Warehouse, service: BatchService) -> AbstractContextManager[None]:
    """A step of the warehouse; none where a service is asked over a network in between, which may take its time."""
    return warehouse.step() if service.in_process else contextlib.nullcontext()


def span_of(row: Mapping[str, Any]) -> Span:
    """The stretch of the queue that a job of the log has."""
    return Span(
        row["first_position"], row["last_position"], row["requests"], row["estimated_input_tokens"] or 0,
        row["worst_usd"] or Decimal(0),
    )  # fmt: skip


def find(service: BatchService, job: Job) -> str | None:
    """The service's name for a job; one that was sent a moment ago may need a while to come to light.

    That moment may be long after the intent was logged: a service that was busy is asked again and again.
    """
    if job.sent_as:
        return job.sent_as
    end = time.monotonic() + service.settle_seconds
    while (found := service.find(job)) is None and time.monotonic() < end:
        time.sleep(service.poll_seconds)
    return found


def age_text(seconds: float) -> str:
    """A time as people say it: `1h 05m`, `12m`, `40s`."""
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    return f"{hours}h {minutes % 60:02d}m" if hours else f"{minutes}m" if minutes else f"{int(seconds)}s"
