"""The Gemini Developer API's batches: the lines of a request table in a file there, and a file of results back.

Facts: ai.google.dev/gemini-api/docs/batch-api and google-genai 2.34. A batch is made of an uploaded file, never inline,
where keys get lost; what comes back is matched by its key. Files and batches take names of ours, but a batch made twice is
two batches: one that was not heard of is looked for by its display name. A batch that expires, after 48 hours, leaves
nothing. Uploaded files are deleted when their answers are home; files of results often can't be.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import ServiceError
from bqbatch.jsonl import write_lines
from bqbatch.services import Job, JobState, JobStatus, Refused
from bqbatch.services.developer.account import KEY, DeveloperAccount, Gone
from bqbatch.services.developer.client import DeveloperClient
from bqbatch.services.developer.results import load_results
from bqbatch.services.developer.rewrite import query_for_lines
from bqbatch.services.early_import import import_early
from bqbatch.services.genai_client import import_client
from bqbatch.services.remote import Remote
from bqbatch.warehouses import Warehouse

NOTHING_SENT = "nothing sent"
"""Goes for the name of a batch whose requests were all refused before they left."""


@dataclass
class DeveloperService(Remote):
    """A `BatchService` at the Gemini Developer API."""

    poll_seconds = 60.0

    warehouse: Warehouse
    model: str
    account: DeveloperAccount
    _uploads: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._importing = import_early(import_client)

    def reach(self) -> None:
        """Raises ServiceError where the API does not answer, or knows neither the key nor the model."""
        DeveloperClient(self.account, self.model, self.patience.brief).reach()

    def submit(self, job: Job) -> str:
        """Uploads the job's requests and makes a batch of them, or finds the one that was made and not heard of.

        What is uploaded waits there while the API takes no batch. Raises Busy and Refused as a `BatchService` does.
        """
        if job.name not in self._uploads and not self._upload(job):
            return self._known(job, NOTHING_SENT)

        def create(_: bool) -> str:
            try:
                return self._client.create(self._uploads[job.name], display_name(job))
            except Gone:  # it was uploaded more than 48 hours ago
                self._upload(job)
                return self._client.create(self._uploads[job.name], display_name(job))

        try:
            name = self._send_once(job, create)
        except Refused:
            self._client.remove(self._uploads.pop(job.name))
            raise
        del self._uploads[job.name]
        return name

    def _upload(self, job: Job) -> bool:
        """Uploads the job's requests; False where all of them are refused."""
        with _scratch() as folder:
            path = folder / "requests.jsonl"
            if not self._write(job, path):
                return False
            self._uploads[job.name] = self._client.upload(path, file_name(job))
            return True

    def poll(self, job: Job) -> JobStatus:
        name = self._name(job)
        if name == NOTHING_SENT:
            return JobStatus(JobState.SUCCEEDED)
        if name is None:
            return JobStatus(JobState.CANCELLED, message="the Gemini Developer API does not know this batch")
        operation = self._look(job, name)
        if operation is None and job.name not in self._names:
            raise ServiceError(
                f"this {KEY} does not know the batch of {job.name}, {name}: is it the key of another project?",
                "with the key that sent it, `bqbatch resume` goes on; if it was deleted, `bqbatch cancel` gives it up",
            )
        if operation is None:
            return JobStatus(JobState.CANCELLED, message="the batch is not there any more: somebody deleted it")
        return status_of(operation)

    def cancel(self, job: Job) -> None:
        """Asks the API to stop the batch, and waits until it has; it may leave what was answered, or nothing.

        One that this key does not know is given up.
        """
        name = self._name(job)
        if name is None or name == NOTHING_SENT:
            return
        if self._look(job, name) is None:
            self.find(job)  # raises where the key may do nothing at all: that tells nothing of the batch
            return
        self._client.cancel(name)
        self._await_end(job)

    def look_for(self, job: Job) -> str | None:
        """The name of the batch by its display name; a listing may lag behind."""
        return self._client.find(display_name(job))

    def collect(self, job: Job) -> str | None:
        """The results in a response table, with the requests that were refused before they left; None where there are none.

        What is not needed any more of a batch that is over is removed.
        """
        name = self._name(job)
        there = self.warehouse.describe(job.responses) is not None
        if name == NOTHING_SENT:
            if not there:
                load_results(self.warehouse, [], job)
            return job.responses
        operation = (self._look(job, name) if name else None) or {}
        results = results_file(operation)
        if results and not there:
            with _scratch() as folder:
                path = folder / "results.jsonl"
                if there := self._client.download(results, path):
                    load_results(self.warehouse, [path], job)
        if status_of(operation).state.over:
            self._client.remove(f"files/{file_name(job)}", *filter(None, [results]))
        return job.responses if there else None

    def _look(self, job: Job, name: str) -> dict[str, Any] | None:
        """The batch as REST has it, None where it is not there; once it was, this key is the one to ask."""
        operation = self._client.get(name, seen=job.name in self._names)
        if operation is not None:
            self._known(job, name)
        return operation

    def _write(self, job: Job, path: Path) -> int:
        """How many lines of the job's request table were written: all but those that are refused."""
        sql = sqlfiles.render("developer/sent", lines=query_for_lines(self.warehouse, job.requests))
        with self.warehouse.stream(sql) as stream, path.open("wb") as out:
            return write_lines(stream, out).lines

    @cached_property
    def _client(self) -> DeveloperClient:
        self._importing.join()
        return DeveloperClient(self.account, self.model, self.patience)


def display_name(job: Job) -> str:
    """The name that a job's batch goes by at the API."""
    return f"bqbatch {job.prompt} {job.name}"


def file_name(job: Job) -> str:
    """The name of a job's uploaded file: 40 characters at most, of small letters, digits and dashes."""
    return f"bqb-{job.name.replace('_', '-')}"


def status_of(operation: Mapping[str, Any]) -> JobStatus:
    """Where a batch is, by the Operation that it is in REST."""
    batch = operation.get("metadata") or {}
    state = state_of(str(batch.get("state", "")))
    stats = batch.get("batchStats") or {}
    done = sum(int(stats.get(name) or 0) for name in ("successfulRequestCount", "failedRequestCount"))
    error = operation.get("error") or batch.get("error") or {}
    created = batch.get("createTime")
    seconds = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() if created else None
    return JobStatus(state, done or None, error.get("message") or None, seconds)


def state_of(name: str) -> JobState:
    """A state by the API's name for it. One that is not known does not move: nobody waits for it, a later run looks again."""
    plain = name.removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
    return JobState[plain] if plain in JobState.__members__ else JobState.PAUSED


def results_file(operation: Mapping[str, Any]) -> str | None:
    """The name of the file of a batch's results, wherever in the Operation it stands."""
    for place in (operation.get("metadata") or {}, operation):
        for holder in ("output", "response"):
            if file := (place.get(holder) or {}).get("responsesFile"):
                return str(file)
    return None


@contextlib.contextmanager
def _scratch() -> Any:
    """A folder for files on their way. Raises ServiceError where there is no room."""
    try:
        with tempfile.TemporaryDirectory(prefix="bqbatch-") as folder:
            yield Path(folder)
    except OSError as error:
        raise ServiceError(
            f"can't keep a file on its way in {tempfile.gettempdir()}: {error.strerror or error}",
            "make room there, or set TMPDIR to another folder",
        ) from None
