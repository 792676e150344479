"""Jobs that go on at a service without this process, which has no ids of the client's choosing for them.

What was sent and not heard of is looked for until a settle time has passed; only then is it sent again. What remains is a
job that comes to light later than that.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from bqbatch.errors import ServiceError
from bqbatch.patience import Patience
from bqbatch.services import Job, JobStatus, Refused


class Lost(Exception):
    """Nobody knows whether the service did what it was asked; the cause is what to tell when nobody waits any longer."""


@dataclass
class Remote(ABC):
    """What a `BatchService` is whose jobs go on without this process; what is said to it is for those who inherit."""

    poll_seconds = 30.0
    settle_seconds = 120.0
    in_process = False
    patience = Patience()

    _names: dict[str, str] = field(default_factory=dict, init=False)

    @abstractmethod
    def poll(self, job: Job) -> JobStatus:
        """Where the job is now."""

    @abstractmethod
    def look_for(self, job: Job) -> str | None:
        """The service's name for a job, as it lists it now; a listing may lag behind."""

    def find(self, job: Job) -> str | None:
        found = self.look_for(job)
        return self._known(job, found) if found else None

    def _name(self, job: Job) -> str | None:
        return self._names.get(job.name) or job.sent_as or self.find(job)

    def _known(self, job: Job, name: str) -> str:
        self._names[job.name] = name
        return name

    def _send_once(self, job: Job, create: Callable[[bool], str]) -> str:
        """The service's name for a job that `create` sends, or that is found because an earlier call did.

        `create` is told whether it was called before, and raises Lost. Raises what caused it when the patience is at its
        end, and what else `create` and `find` raise; Refused only where no earlier call may have made a job.
        """
        lost: list[float] = []
        tell = self.patience.trouble()
        began, pause = time.monotonic(), min(1.0, self.poll_seconds)
        while True:
            # Asked before the look, not after: this machine may sleep between the two.
            settled = not lost or time.monotonic() - lost[-1] > self.settle_seconds
            if lost and (found := self.find(job)):
                return found
            if settled:
                try:
                    return self._known(job, create(bool(lost)))
                except Lost as error:
                    lost.append(time.monotonic())
                    if isinstance(error.__cause__, Exception):
                        tell(error.__cause__)
                    if lost[-1] - began > self.patience.total_seconds and error.__cause__:
                        raise error.__cause__ from None  # the intent is in the log: whoever goes on looks for the job
                except Refused as refused:
                    if lost:  # one that was sent before, and not heard of, may be there all the same
                        raise ServiceError(refused.message, refused.hint) from None
                    raise
            time.sleep(pause)
            pause = min(pause * 2, self.poll_seconds)

    def _await_end(self, job: Job) -> None:
        """Waits until a job that was cancelled is over, for the settle time at the most."""
        end = time.monotonic() + self.settle_seconds
        while self.poll(job).state.moving and time.monotonic() < end:
            time.sleep(min(1.0, self.poll_seconds))
