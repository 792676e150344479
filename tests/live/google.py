"""A project and a dataset on Google Cloud, with clients of its own: what the suite asks beside bqbatch, and what it cleans up."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.aiplatform_v1.services.job_service import JobServiceClient
from google.cloud.aiplatform_v1.types.batch_prediction_job import BatchPredictionJob

from bqbatch.names import run_of
from bqbatch.services.vertex import host
from tests.projects import Folder

MOVING = ("QUEUED", "PENDING", "RUNNING", "CANCELLING", "UPDATING")
_LOG = ("bqbatch_log", "bqbatch_runs", "bqbatch_jobs")


@dataclass
class Live:
    """A project folder whose target `prod` is the real thing; `name` is the prompt's, and in the name of all that is made.

    `endpoint` is a server of one's own in Google's place.
    """

    folder: Folder
    name: str
    project: str
    dataset: str
    location: str
    model: str
    endpoint: str | None

    @property
    def pause(self) -> float:
        """Seconds between two looks at a job."""
        return 0.05 if self.endpoint else 30.0

    @property
    def path(self) -> str:
        """The dataset, as `project.dataset`."""
        return self.dataset if "." in self.dataset else f"{self.project}.{self.dataset}"

    @cached_property
    def _bigquery(self) -> bigquery.Client:
        if self.endpoint is None:
            return bigquery.Client(self.project)
        return bigquery.Client(
            self.project, AnonymousCredentials(), client_options={"api_endpoint": self.endpoint}  # type: ignore[no-untyped-call]
        )  # fmt: skip

    def jobs_at(self, location: str) -> JobServiceClient:
        """Vertex AI's client for a location."""
        return JobServiceClient(
            transport="rest", client_options=ClientOptions(api_endpoint=self.endpoint or host(location)),
            credentials=AnonymousCredentials() if self.endpoint else None,  # type: ignore[no-untyped-call]
        )  # fmt: skip

    # BigQuery.

    @cached_property
    def dataset_location(self) -> str:
        """Where the dataset is: `US`, `EU` or a region."""
        return str(self._bigquery.get_dataset(self.path).location)

    def read(self, sql: str, **texts: str) -> list[dict[str, Any]]:
        """The rows of a statement whose parameters are texts."""
        config = bigquery.QueryJobConfig(
            query_parameters=[bigquery.ScalarQueryParameter(name, "STRING", text) for name, text in texts.items()]
        )
        rows = self._bigquery.query_and_wait(sql, job_config=config, location=self.dataset_location)
        return [dict(row) for row in rows]

    def types(self, table: str) -> Mapping[str, str]:
        """The types of a table's columns."""
        return {field.name: field.field_type for field in self._bigquery.get_table(f"{self.path}.{table}").schema}

    def tables(self) -> set[str]:
        """The names of the tables and views in the dataset."""
        return {table.table_id for table in self._bigquery.list_tables(self.path)}

    # Vertex AI.

    def submit(self, source: str, target: str, location: str) -> str:
        """Creates a job with a table of the dataset in and one out; its name."""
        described = BatchPredictionJob({
            "display_name": f"bqbatch {target}"[:128], "model": f"publishers/google/models/{self.model}",
            "labels": {"bqbatch_prompt": self.name},
            "input_config": {
                "instances_format": "bigquery", "bigquery_source": {"input_uri": f"bq://{self.path}.{source}"},
            },
            "output_config": {
                "predictions_format": "bigquery", "bigquery_destination": {"output_uri": f"bq://{self.path}.{target}"},
            },
        })  # fmt: skip
        parent = f"projects/{self.project}/locations/{location}"
        return self.jobs_at(location).create_batch_prediction_job(parent=parent, batch_prediction_job=described).name

    def wait(self, job: str, hours: float = 24) -> tuple[str, str]:
        """The state in which a job ends, and what it says; a job that takes longer is left."""
        client, end = self.jobs_at(job.split("/")[3]), time.monotonic() + 3600 * hours
        while True:
            found = client.get_batch_prediction_job(name=job)
            state = found.state.name.removeprefix("JOB_STATE_")
            if state not in MOVING or time.monotonic() > end:
                said = [found.error.message, *(failure.message for failure in found.partial_failures)]
                return state, "; ".join(filter(None, said))
            time.sleep(self.pause)

    def jobs(self) -> Iterator[str]:
        """The jobs of this suite that are there."""
        for location in {self.location, *("us", "eu")}:
            parent = f"projects/{self.project}/locations/{location}"
            request = {"parent": parent, "filter": f'labels.bqbatch_prompt="{self.name}"'}
            yield from (job.name for job in self.jobs_at(location).list_batch_prediction_jobs(request=request))

    # What it leaves: nothing.

    def clean(self, before: Collection[str]) -> None:
        """Deletes the jobs, drops the tables, and takes its events out of a log that was there."""
        try:
            for job in list(self.jobs()):
                client = self.jobs_at(job.split("/")[3])
                if client.get_batch_prediction_job(name=job).state.name.removeprefix("JOB_STATE_") in MOVING:
                    client.cancel_batch_prediction_job(name=job)
                    self.wait(job, hours=1)
                client.delete_batch_prediction_job(name=job).result()  # type: ignore[no-untyped-call]
        finally:
            for table in self.made(before):
                self._bigquery.delete_table(f"{self.path}.{table}", not_found_ok=True)
            if _LOG[0] in before:
                self.read(f"DELETE FROM `{self.path}.{_LOG[0]}` WHERE prompt = @name", name=self.name)

    def made(self, before: Collection[str]) -> list[str]:
        """What this suite made in the dataset and is there: by its name, its label, its run, and the log if it is new."""
        there = self.tables()
        runs: set[str] = set()
        if _LOG[0] in there:
            log = f"SELECT DISTINCT run_id FROM `{self.path}.{_LOG[0]}` WHERE prompt = @name"
            runs = {row["run_id"] for row in self.read(log, name=self.name)}
        return [
            table
            for table in sorted(there.difference(before))
            if self.name in table or table in _LOG or run_of(table) in runs or self._is_labelled(table)
        ]

    def _is_labelled(self, table: str) -> bool:
        labels = self._bigquery.get_table(f"{self.path}.{table}").labels
        return bool(labels.get("bqbatch_prompt") == self.name)
