"""BigQuery as a warehouse: the statements as they are written, each a job with an id of its own.

A job id can be used once, ever: a statement that is repeated, by another process or after a lost reply, is refused by
BigQuery, and what the first one came to is taken over (https://cloud.google.com/bigquery/docs/running-jobs).
"""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bqbatch import gcloud
from bqbatch.errors import WarehouseError
from bqbatch.names import Dataset
from bqbatch.patience import Patience
from bqbatch.warehouses import DryRun, Result, Statement, Stream, Table
from bqbatch.warehouses.bigquery.columns import column_of
from bqbatch.warehouses.bigquery.configs import load_config, query_config
from bqbatch.warehouses.bigquery.messages import Circumstances, said
from bqbatch.warehouses.bigquery.storage import storage_client

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud import bigquery
    from google.cloud.bigquery.table import RowIterator

_PASSING = (
    "backendError",
    "internalError",
    "jobInternalError",
    "jobBackendError",
    "rateLimitExceeded",
    "jobRateLimitExceeded",
)
"""Reasons for which BigQuery asks to try again; all of them come without an effect."""
_ATTEMPTS = 5
_LONGEST_PAUSE = 5.0


@dataclass
class BigQueryWarehouse:
    """A `Warehouse` in a dataset of BigQuery.

    `location` is the dataset's, asked for where it is not told. `maximum_bytes_billed` is a limit per query; a query
    that would read more fails without a charge. `endpoint` is for a server of one's own: no credentials are sent there.
    Large results come by the Storage API, in Arrow over gRPC; from a server of one's own only where `storage` is the
    address of its part for that.
    """

    exclusive = False
    patience = Patience(call_seconds=300.0)
    """The client by itself would wait for ever."""

    project: str
    dataset: Dataset
    location: str | None = None
    maximum_bytes_billed: int | None = None
    endpoint: str | None = None
    storage: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    _made: bigquery.Client | None = field(default=None, init=False, repr=False)

    def step(self) -> AbstractContextManager[None]:
        """Nothing: anyone may use BigQuery at any time."""
        return contextlib.nullcontext()

    def sparingly(self) -> AbstractContextManager[None]:
        """Nothing: what a query takes is taken elsewhere."""
        return contextlib.nullcontext()

    def dry_run(self, sql: str) -> DryRun:
        from google.cloud import bigquery

        config = self._config(dry_run=True, use_query_cache=False)
        with self._said(sql):
            job = self._client.query(sql, job_config=config, location=self._location, job_retry=None, **self._patiently)
            fields = job._properties["statistics"]["query"].get("schema", {}).get("fields", [])
            columns = tuple(map(column_of, map(bigquery.SchemaField.from_api_repr, fields)))
            return DryRun(columns, job.total_bytes_processed)

    def execute(self, *statements: Statement) -> None:
        for statement in statements:
            self._execute(statement)

    def read(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        with self._said(sql), _cancelled_by_ctrl_c():
            rows = self._rows(sql, parameters or {})
            columns = tuple(map(column_of, rows.schema))
            return Result(columns, tuple(row.values() for row in rows))

    @contextlib.contextmanager
    def stream(self, sql: str) -> Iterator[Stream]:
        with self._said(sql), _cancelled_by_ctrl_c():
            rows = self._rows(sql, {})
            columns = tuple(map(column_of, rows.schema))
            storage = storage_client(self._client._credentials, self.storage, is_own=self.endpoint is not None)
            batches: Any = rows.to_arrow_iterable(storage)
            first = next(batches, None)
            schema = rows.to_arrow(create_bqstorage_client=False).schema if first is None else first.schema
            try:
                yield Stream(columns, schema, itertools.chain([] if first is None else [first], batches))
            finally:
                batches.close()
                if storage is not None:
                    storage.transport.close()  # type: ignore[no-untyped-call]

    def _rows(self, sql: str, parameters: Mapping[str, Any]) -> RowIterator:
        return self._client.query_and_wait(
            sql, job_config=self._config(parameters), location=self._location,
            api_timeout=self.patience.call_seconds, retry=self._retry, job_retry=self._retry,
        )  # fmt: skip

    def set_descriptions(self, table: str, descriptions: Mapping[str, str]) -> None:
        """By the API: a CREATE VIEW has no place for them."""
        from google.cloud import bigquery

        with self._said(""):
            found = self._client.get_table(self._path(table), **self._patiently)
            told = ((field, descriptions.get(field.name, field.description)) for field in found.schema)
            found.schema = [
                bigquery.SchemaField.from_api_repr(field.to_api_repr() | ({"description": text} if text else {}))
                for field, text in told
            ]
            self._client.update_table(found, ["schema"], **self._patiently)

    def load(self, path: Path, table: str) -> None:
        if not self.describe(table):
            self._load(path, table, "WRITE_EMPTY")

    def replace(self, path: Path, table: str, label: str) -> None:
        self._load(path, table, "WRITE_TRUNCATE", label)

    def list_tables(self, dataset: Dataset | None = None) -> tuple[str, ...]:
        with self._said(""):
            path = dataset.path if dataset else self.dataset.path
            found = self._client.list_tables(path if "." in path else f"{self.project}.{path}", **self._patiently)
            return tuple(sorted(table.table_id for table in found))

    def _load(self, path: Path, table: str, disposition: str, label: str = "") -> None:
        config = load_config(path, self.labels, disposition, label)
        with self._said(""), path.open("rb") as file:
            job_id = f"bqb_load_{uuid.uuid4().hex}"
            try:
                job: Any = self._client.load_table_from_file(
                    file, self._path(table), job_config=config, job_id=job_id, location=self._location,
                    size=path.stat().st_size, timeout=self.patience.call_seconds,
                )  # fmt: skip
            except _lost():  # and sent again; or its reply was no JSON
                job = self._client.get_job(job_id, location=self._location, **self._patiently)
            self._wait(job)

    def describe(self, table: str) -> Table | None:
        from google.api_core.exceptions import NotFound

        with self._said(""):
            try:
                found = self._client.get_table(self._path(table), **self._patiently)
            except NotFound:
                return None
            return Table(tuple(map(column_of, found.schema)), dict(found.labels), found.table_type != "TABLE")

    def _execute(self, statement: Statement) -> None:
        """Runs a statement under its job id, or takes over what that came to; a passing failure is tried again."""
        from google.api_core.exceptions import Conflict, GoogleAPICallError

        config = self._config(statement.parameters)
        for attempt in range(_ATTEMPTS):
            job_id = statement.job_id if attempt == 0 else f"{statement.job_id}_again{attempt}"
            with self._said(statement.sql):
                try:
                    job: Any = self._client.query(
                        statement.sql, job_id=job_id, job_config=config, location=self._location, job_retry=None,
                        **self._patiently,
                    )  # fmt: skip
                except Conflict:
                    job = self._client.get_job(job_id, location=self._location, **self._patiently)
                try:
                    self._wait(job)
                    return
                except GoogleAPICallError:
                    if (job.error_result or {}).get("reason") not in _PASSING or attempt == _ATTEMPTS - 1:
                        raise

    def _wait(self, job: Any) -> None:
        """Looks at a job until it is over; raises what it ended with."""
        pause = 0.1
        with _cancelled_by_ctrl_c(job):
            while not job.done(**self._patiently):
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        if error := job.exception():
            raise error

    def _config(self, parameters: Mapping[str, Any] = {}, **more: Any) -> bigquery.QueryJobConfig:
        return query_config(self._path(self.dataset.path), parameters, self.labels, self.maximum_bytes_billed, **more)

    def _path(self, name: str) -> str:
        """A dataset's or a table's path with the project in front."""
        plain = name.strip("`")
        wanted = 2 if plain == self.dataset.path else 3
        return plain if plain.count(".") + 1 >= wanted else f"{self.project}.{plain}"

    @property
    def _retry(self) -> Retry:
        """How a call is repeated that the service was too busy for, or whose reply was lost or is no JSON."""
        from google.cloud.bigquery.retry import DEFAULT_RETRY
        from requests.exceptions import JSONDecodeError

        known = DEFAULT_RETRY._predicate
        return self.patience.retry(lambda error: isinstance(error, JSONDecodeError) or known(error))

    @property
    def _patiently(self) -> dict[str, Any]:
        """What every call is told of how long it is waited for."""
        return {"retry": self._retry, "timeout": self.patience.call_seconds}

    @property
    def _location(self) -> str:
        if self.location is None:
            with self._said(""):
                self.location = self._client.get_dataset(self._path(self.dataset.path), **self._patiently).location
        return str(self.location)

    @property
    def _client(self) -> bigquery.Client:
        if self._made is None:
            from google.api_core.client_options import ClientOptions
            from google.auth.credentials import AnonymousCredentials
            from google.auth.exceptions import DefaultCredentialsError
            from google.cloud import bigquery

            options = ClientOptions(api_endpoint=self.endpoint) if self.endpoint else None
            try:
                self._made = bigquery.Client(
                    project=self.project, client_options=options,
                    credentials=AnonymousCredentials() if self.endpoint else None,  # type: ignore[no-untyped-call]
                )  # fmt: skip
            except DefaultCredentialsError:
                raise WarehouseError(gcloud.NO_CREDENTIALS, gcloud.LOGIN) from None
        return self._made

    def _said(self, sql: str) -> AbstractContextManager[None]:
        return said(sql, Circumstances(self.project, self._path(self.dataset.path), self._member, self._location_of))

    def _member(self) -> str:
        return gcloud.member_of(self._client._credentials)

    def _location_of(self, dataset: str) -> str | None:
        """Where a dataset is, None where it is not or nobody may know."""
        from google.api_core.exceptions import GoogleAPICallError

        with contextlib.suppress(GoogleAPICallError):
            return str(self._client.get_dataset(dataset, **self._patiently).location)
        return None


@contextlib.contextmanager
def _cancelled_by_ctrl_c(job: Any = None) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if job is not None:
            with contextlib.suppress(Exception):
                job.cancel()
        raise


def _lost() -> tuple[type[Exception], ...]:
    """Errors of an upload after which its job may be there."""
    from google.api_core.exceptions import Conflict
    from requests.exceptions import RequestException

    return (Conflict, RequestException)
