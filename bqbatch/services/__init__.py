"""The seam to whoever answers: a batch service takes a request table and leaves a response table.

A request table has two columns, `key` (STRING, the request's hash) and `request` (JSON, a
GenerateContentRequest). A response table has `key`, `response` (JSON, a GenerateContentResponse or `{}`),
`status` (STRING, empty where all is well, else a few words and the service's error as JSON) and
`processed_time`; a service may echo more columns, nobody reads them. So does Vertex AI batch prediction
(https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/capabilities/batch-inference/new-job-from-bigquery).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from bqbatch.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of what a run asks: its first and last position in the queue, how many requests of it are asked.

    `input_tokens` are estimated; `worst_usd` is what all of it costs if every answer is as long as it may be.
    """

    first: int = 1
    last: int = 0
    requests: int = 0
    input_tokens: int = 0
    worst_usd: Decimal = Decimal(0)


NOWHERE = Span()


@dataclass(frozen=True, slots=True)
class Job:
    """One batch prediction job: a shard of a run, in one attempt; `sent_as` is the service's name for it, once known."""

    run_id: str
    prompt: str
    shard: int
    attempt: int
    requests: str
    responses: str
    answers: str
    sent_as: str | None = None
    span: Span = NOWHERE

    @property
    def name(self) -> str:
        """The name the job goes by in the log and in `__answers.job`."""
        return f"{self.run_id}_{self.shard}_{self.attempt}"


class JobState(StrEnum):
    """The states of a job, as Vertex AI names them without their `JOB_STATE_`."""

    QUEUED = "QUEUED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    PARTIALLY_SUCCEEDED = "PARTIALLY_SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"

    @property
    def moving(self) -> bool:
        """Whether waiting can bring more; a paused job does not move by itself."""
        return self in (self.QUEUED, self.PENDING, self.RUNNING, self.CANCELLING)

    @property
    def over(self) -> bool:
        """Whether nothing more can come of it."""
        return not self.moving and self is not JobState.PAUSED

    @property
    def complete(self) -> bool:
        """Whether the service says that it answered all it will: what has no row then is missing."""
        return self in (self.SUCCEEDED, self.PARTIALLY_SUCCEEDED)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where a job is: its state, the requests done so far (None where unknown), and the service's message.

    `seconds` is for how long it has been in that state, None where unknown.
    """

    state: JobState
    done: int | None = None
    message: str | None = None
    seconds: float | None = None


class Busy(ServiceError):
    """The service takes no job just now; none was made."""


class Refused(ServiceError):
    """The service refuses what it was asked, for good; of a job that was submitted, none was made."""


class BatchService(Protocol):
    """Someone who answers request tables. Every method may raise ServiceError."""

    model: str
    """The name of the model that answers; part of every request's hash."""

    poll_seconds: float
    """How long to wait between two looks at a job."""

    settle_seconds: float
    """How long after a job was sent it may still come to light; 0 where that is at once."""

    in_process: bool
    """Whether jobs live and die with this process; else they go on without it."""

    def submit(self, job: Job) -> str:
        """Starts the job and returns the service's name for it. Raises Busy where it may be tried again at
        once, Refused where there is no job."""

    def poll(self, job: Job) -> JobStatus:
        """Where the job is now."""

    def cancel(self, job: Job) -> None:
        """Stops the job; what was answered stays in its response table."""

    def find(self, job: Job) -> str | None:
        """The service's name for a job that was submitted, maybe by another process; None where it has none."""

    def collect(self, job: Job) -> str | None:
        """The job's response table, or None where it left none."""
