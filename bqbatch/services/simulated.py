"""A made-up model: answers in SQL, the same for a request and attempt always, with faults on request."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bqbatch import sqlfiles
from bqbatch.errors import ServiceError
from bqbatch.names import Dataset, RunObjects
from bqbatch.prompt.output import OutputColumn
from bqbatch.services import Job, JobState, JobStatus
from bqbatch.warehouses import Statement, Warehouse

FAULTS = ("429", "400", "500", "503", "truncated", "blocked", "bad_json", "schema", "missing", "duplicate", "late")
_NEED_OUTPUT = ("bad_json", "schema")

Faults = tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Whose part is played in a rehearsal, in which dataset, and what an answer takes of tokens: of text, of thinking.

    A text with columns is as long as what is made up for them; `thoughts_most` is None where no budget holds them.
    """

    model: str
    dataset: Dataset
    text_likely: int = 0
    thoughts_likely: int = 0
    thoughts_most: int | None = None


def parse_faults(text: str) -> Faults:
    """The faults of `--simulate "429:2%,missing:1%"` as (name, share); shares are of 1."""
    faults: list[tuple[str, Decimal]] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, share = (part.strip() for part in item.partition(":"))
        if name not in FAULTS:
            near = difflib.get_close_matches(name, FAULTS, n=1)
            raise ServiceError(
                f"--simulate does not know the fault `{name}`",
                f"did you mean `{near[0]}`?" if near else f"known: {', '.join(FAULTS)}",
            )
        number = re.fullmatch(r"([0-9.]+)\s*(%?)", share)
        try:
            value = Decimal(number[1]) / (100 if number[2] else 1) if number else None
        except InvalidOperation:
            value = None
        if value is None or not 0 <= value <= 1:
            raise ServiceError(f"--simulate {item}: `{share}` is not a share", f"write {name}:2%")
        if name in [known for known, _ in faults]:
            raise ServiceError(f"--simulate names `{name}` twice", "keep one of them")
        faults.append((name, value))
    if sum(share for _, share in faults) > 1:
        raise ServiceError("--simulate: the shares are more than 100% together", "429:2%,missing:1%")
    return tuple(faults)


class SimulatedService:
    """A `BatchService` that answers by `sql/responses/simulated.sql`, at once.

    Rows with the fault `late` come only when another process looks at the job: the run that asked sees the job
    paused, as it may on the real service, and leaves them pending.

    In a rehearsal it goes by the name of the model whose `part` it plays, and only its answers say who it is. They
    count tokens as the plan does.
    """

    poll_seconds = 0.0
    settle_seconds = 0.0
    in_process = True

    def __init__(
        self, warehouse: Warehouse, output: tuple[OutputColumn, ...], faults: Faults = (), part: Part | None = None
    ) -> None:
        impossible = [name for name, _ in faults if name in _NEED_OUTPUT] if not output else []
        if impossible:
            raise ServiceError(
                f"--simulate {impossible[0]}: a plain text answer can't have this fault",
                "it is for prompts with {% output %}",
            )
        self.model = part.model if part else "simulated"
        self._warehouse = warehouse
        self._output = output
        self._faults = faults
        self._part = part
        self._mine: set[str] = set()

    def submit(self, job: Job) -> str:
        self._warehouse.execute(answer(job, self._output, self._faults, self._part))
        self._mine.add(job.name)
        return job.name

    def poll(self, job: Job) -> JobStatus:
        if "late" in [name for name, _ in self._faults]:
            late = self._late(job)
            if job.name in self._mine:
                if next(iter(self._warehouse.read(sqlfiles.render("responses/late", late=late))))["late"]:
                    return JobStatus(JobState.PAUSED)
            else:
                self._warehouse.execute(Statement(f"INSERT INTO {job.responses}\n{late}", f"bqb_{job.name}_late"))
        return JobStatus(JobState.SUCCEEDED)

    def cancel(self, job: Job) -> None:
        """Does nothing: the answers are there at once."""

    def find(self, job: Job) -> str | None:
        return job.name if self._warehouse.describe(job.responses) else None

    def collect(self, job: Job) -> str | None:
        return job.responses if self._warehouse.describe(job.responses) else None

    def _late(self, job: Job) -> str:
        return _select(job, self._output, self._faults, self._part, late=True)


def answer(job: Job, output: tuple[OutputColumn, ...], faults: Faults = (), part: Part | None = None) -> Statement:
    """The statement that makes the response table of a job."""
    select = _select(job, output, faults, part, late=False)
    return Statement(f"CREATE TABLE {job.responses} AS\n{select}", f"bqb_{job.name}_answer")


def _select(job: Job, output: tuple[OutputColumn, ...], faults: Faults, part: Part | None, *, late: bool) -> str:
    return sqlfiles.render(
        "responses/simulated", requests=job.requests, answers=job.answers, output=output, faults=faults, late=late,
        queue=RunObjects(part.dataset, job.run_id).queue if part else None, text_likely=part.text_likely if part else 0,
        thoughts_likely=part.thoughts_likely if part else 0, thoughts_most=part.thoughts_most if part else None,
    )  # fmt: skip
