"""Vertex AI batch prediction: a request table in BigQuery in, a response table in BigQuery out.

Facts: docs.cloud.google.com/gemini-enterprise-agent-platform/models/capabilities/batch-inference (August 2026), and the
discovery document of aiplatform v1, revision 20261106. A job has no id that a client could choose: what was sent and
not heard of again is looked for by its label, and by its output table, until a settle time has passed; only then is a
job created again. What remains is a job that comes to light later than that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from bqbatch import gcloud
from bqbatch.errors import ServiceError
from bqbatch.services import Busy, Job, JobState, JobStatus
from bqbatch.services.early_import import import_early
from bqbatch.services.remote import Lost, Remote
from bqbatch.services.vertex_client import import_client
from bqbatch.services.vertex_messages import message_of, said
from bqbatch.warehouses import Warehouse

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1.services.job_service import JobServiceClient
    from google.cloud.aiplatform_v1.types.batch_prediction_job import BatchPredictionJob

LABEL, PROMPT_LABEL = "bqbatch_job", "bqbatch_prompt"
_UPDATING = {"UPDATING": JobState.RUNNING, "PENDING": JobState.PENDING}
_T = TypeVar("_T")


@dataclass
class VertexService(Remote):
    """A `BatchService` on Vertex AI.

    `model` is a Gemini model's name or `projects/P/locations/L/models/ID` of a tuned one; `location` a region, `global`,
    `us` or `eu`. `endpoint` is for a server of one's own: no credentials are sent there.
    """

    warehouse: Warehouse
    project: str
    location: str
    model: str
    endpoint: str | None = None

    def __post_init__(self) -> None:
        self._importing = import_early(import_client)

    def reach(self) -> None:
        """Raises ServiceError where Vertex AI does not answer, or does not let this account see the project's jobs."""
        with self._said():
            request = {"parent": self._parent, "page_size": 1}
            next(iter(self._client.list_batch_prediction_jobs(request=request, timeout=30)), None)

    def submit(self, job: Job) -> str:
        """Creates the job, or finds the one that was created and not heard of."""
        with self._said():
            return self._send_once(job, lambda again: self._create(job, again=again))

    def _create(self, job: Job, *, again: bool) -> str:
        """The name of a new job. Raises Lost, Busy or Refused."""
        if again and self.warehouse.describe(job.responses):
            raise ServiceError(
                f"Vertex AI does not list {job.name}, and yet its table {job.responses.strip('`')} is there",
                "the job is not sent a second time: bqbatch resume looks for it again",
            )
        with self._said():
            try:
                created = self._client.create_batch_prediction_job(
                    parent=self._parent, batch_prediction_job=self._described(job), timeout=self.patience.call_seconds
                )
            except _busy() as error:
                raise Busy(
                    f"Vertex AI takes no job just now: {message_of(error)}", gcloud.quota(self.project)
                ) from None
            except _lost() as error:
                raise Lost from error
        return str(created.name)

    def poll(self, job: Job) -> JobStatus:
        name = self._name(job)
        if name is None:
            return JobStatus(JobState.CANCELLED, message="Vertex AI does not know this job")
        from google.api_core.exceptions import NotFound

        with self._said():
            try:
                found = self._again(
                    lambda: self._client.get_batch_prediction_job(name=name, timeout=self.patience.call_seconds)
                )
            except NotFound:
                return JobStatus(JobState.CANCELLED, message="the job is not there any more: somebody deleted it")
        stats = found.completion_stats
        done = int(stats.successful_count) + int(stats.failed_count) if stats else 0
        messages = [found.error.message, *(failure.message for failure in found.partial_failures)]
        state = state_of(found.state.name if hasattr(found.state, "name") else str(found.state))
        since = found.start_time if state == JobState.RUNNING and found.start_time else found.create_time
        seconds = (datetime.now(UTC) - since).total_seconds() if since else None
        return JobStatus(state, done or None, "; ".join(filter(None, messages)) or None, seconds)

    def cancel(self, job: Job) -> None:
        """Asks Vertex AI to stop the job, and waits until it has: what was answered is kept, and billed."""
        from google.api_core.exceptions import FailedPrecondition, NotFound

        name = self._name(job)
        if name is None:
            return
        with self._said(), contextlib.suppress(NotFound, FailedPrecondition):
            self._again(lambda: self._client.cancel_batch_prediction_job(name=name, timeout=self.patience.call_seconds))
        self._await_end(job)

    def look_for(self, job: Job) -> str | None:
        """The name of the job by its label; a listing may lag behind."""
        with self._said():
            request = {"parent": self._parent, "filter": f'labels.{LABEL}="{job.name}"'}
            found = self._again(
                lambda: next(
                    iter(self._client.list_batch_prediction_jobs(request=request, timeout=self.patience.call_seconds)),
                    None,
                )
            )
        return None if found is None else str(found.name)

    def collect(self, job: Job) -> str | None:
        """The response table that the job says it made, or the one it was told to make."""
        name = self._name(job)
        table = job.responses
        if name is not None:
            from google.api_core.exceptions import NotFound

            with self._said(), contextlib.suppress(NotFound):
                output = self._again(
                    lambda: self._client.get_batch_prediction_job(name=name, timeout=self.patience.call_seconds)
                ).output_info
                if output.bigquery_output_table:
                    dataset = output.bigquery_output_dataset.removeprefix("bq://") or self._dataset(job)
                    table = f"`{dataset}.{output.bigquery_output_table.rpartition('.')[2]}`"
        return table if self.warehouse.describe(table) else None

    def _described(self, job: Job) -> BatchPredictionJob:
        from google.cloud.aiplatform_v1.types.batch_prediction_job import BatchPredictionJob

        model = self.model if "/" in self.model else f"publishers/google/models/{self.model}"
        described = {
            "display_name": f"bqbatch {job.prompt} {job.name}"[:128],
            "model": model,
            "labels": {LABEL: job.name, PROMPT_LABEL: job.prompt[:63]},
            "input_config": {
                "instances_format": "bigquery",
                "bigquery_source": {"input_uri": f"bq://{self._path(job.requests)}"},
            },
            "output_config": {
                "predictions_format": "bigquery",
                "bigquery_destination": {"output_uri": f"bq://{self._path(job.responses)}"},
            },
        }
        return BatchPredictionJob(described)

    def _path(self, table: str) -> str:
        plain = table.strip("`")
        return plain if plain.count(".") == 2 else f"{self.project}.{plain}"

    def _dataset(self, job: Job) -> str:
        return self._path(job.responses).rpartition(".")[0]

    def _again(self, call: Callable[[], _T]) -> _T:
        """A call that changes nothing, or the same thing: repeated while the service is busy. The client has no retry."""
        return self.patience.retry(lambda error: isinstance(error, (*_lost(), *_busy())))(call)()

    @property
    def _parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    @cached_property
    def _client(self) -> JobServiceClient:
        self._importing.join()
        from google.api_core.client_options import ClientOptions
        from google.auth.credentials import AnonymousCredentials
        from google.auth.exceptions import DefaultCredentialsError
        from google.cloud.aiplatform_v1.services.job_service import JobServiceClient

        options = ClientOptions(api_endpoint=self.endpoint or host(self.location))
        try:
            return JobServiceClient(
                transport="rest", client_options=options,
                credentials=AnonymousCredentials() if self.endpoint else None,  # type: ignore[no-untyped-call]
            )  # fmt: skip
        except DefaultCredentialsError:
            raise ServiceError(gcloud.NO_CREDENTIALS, gcloud.LOGIN) from None

    def _said(self) -> AbstractContextManager[None]:
        return said(
            self.model, self.project, self.location, lambda: gcloud.member_of(self._client.transport._credentials)
        )


def host(location: str) -> str:
    """The host of Vertex AI for a location."""
    if location == "global":
        return "aiplatform.googleapis.com"
    return (
        f"aiplatform.{location}.rep.googleapis.com"
        if location in ("us", "eu")
        else f"{location}-aiplatform.googleapis.com"
    )


def state_of(name: str) -> JobState:
    """A state by Vertex AI's name for it. One that is not known does not move: nobody waits for it, a later run looks again."""
    plain = name.removeprefix("JOB_STATE_")
    if plain in JobState.__members__:
        return JobState[plain]
    return _UPDATING.get(plain, JobState.PAUSED)


def _busy() -> tuple[type[Exception], ...]:
    from google.api_core.exceptions import ResourceExhausted, TooManyRequests

    return (TooManyRequests, ResourceExhausted)


def _lost() -> tuple[type[Exception], ...]:
    """Errors after which nobody knows whether the service did what it was asked."""
    from google.api_core.exceptions import DeadlineExceeded, GatewayTimeout, InternalServerError, ServiceUnavailable
    from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]
    from requests.exceptions import ConnectionError as Unconnected
    from requests.exceptions import Timeout

    return (ServiceUnavailable, InternalServerError, GatewayTimeout, DeadlineExceeded, Unconnected, Timeout, ParseError)
