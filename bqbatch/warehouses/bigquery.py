"""BigQuery as a warehouse: the statements as they are written, each a job with an id of its own.

A job id can be used once, ever: a statement that is repeated, by another process or after a lost reply, is refused by
BigQuery, and what the first one came to is taken over (https://cloud.google.com/bigquery/docs/running-jobs).
"""

from __future__ import annotations

import contextlib
import itertools
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bqbatch.errors import Exists, WarehouseError
from bqbatch.names import Dataset
from bqbatch.warehouses import Column, DryRun, Result, Statement, Stream, Table

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud import bigquery
    from google.cloud.bigquery.table import RowIterator

_TYPES = {
    "INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT",
}  # fmt: skip
_PARAMETERS = {int: "INT64", float: "FLOAT64", bool: "BOOL"}
_FORMATS = {".csv": "CSV", ".jsonl": "NEWLINE_DELIMITED_JSON", ".parquet": "PARQUET"}
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
    """

    call_seconds = 300.0
    """How long one call may take before it is repeated; the client by itself would wait for ever."""
    pause_seconds = 1.0
    """The longest pause before the first repeat of a call; each further one may be twice as long."""
    patience_seconds = 600.0
    """For how long a call is repeated."""

    project: str
    dataset: Dataset
    location: str | None = None
    maximum_bytes_billed: int | None = None
    endpoint: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    _made: bigquery.Client | None = field(default=None, init=False, repr=False)

    def step(self) -> AbstractContextManager[None]:
        """Nothing: anyone may use BigQuery at any time."""
        return contextlib.nullcontext()

    def dry_run(self, sql: str) -> DryRun:
        from google.cloud import bigquery

        config = self._config(dry_run=True, use_query_cache=False)
        with _said(sql):
            job = self._client.query(sql, job_config=config, location=self._location, job_retry=None, **self._patience)
            fields = job._properties["statistics"]["query"].get("schema", {}).get("fields", [])
            columns = tuple(map(column_of, map(bigquery.SchemaField.from_api_repr, fields)))
            return DryRun(columns, job.total_bytes_processed)

    def execute(self, *statements: Statement) -> None:
        for statement in statements:
            self._execute(statement)

    def read(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        with _said(sql), _cancelled_by_ctrl_c():
            rows = self._rows(sql, parameters or {})
            columns = tuple(map(column_of, rows.schema))
            return Result(columns, tuple(row.values() for row in rows))

    @contextlib.contextmanager
    def stream(self, sql: str) -> Iterator[Stream]:
        with _said(sql), _cancelled_by_ctrl_c():
            rows = self._rows(sql, {})
            columns = tuple(map(column_of, rows.schema))
            batches = rows.to_arrow_iterable()
            first = next(batches, None)
            schema = rows.to_arrow(create_bqstorage_client=False).schema if first is None else first.schema
            yield Stream(columns, schema, itertools.chain([] if first is None else [first], batches))

    def _rows(self, sql: str, parameters: Mapping[str, Any]) -> RowIterator:
        return self._client.query_and_wait(
            sql, job_config=self._config(parameters), location=self._location,
            api_timeout=self.call_seconds, retry=self._retry, job_retry=self._retry,
        )  # fmt: skip

    def load(self, path: Path, table: str) -> None:
        if not self.describe(table):
            self._load(path, table, "WRITE_EMPTY")

    def replace(self, path: Path, table: str, label: str) -> None:
        self._load(path, table, "WRITE_TRUNCATE", label)

    def list_tables(self) -> tuple[str, ...]:
        with _said(""):
            found = self._client.list_tables(self._path(self.dataset.path), **self._patience)
            return tuple(sorted(table.table_id for table in found))

    def _load(self, path: Path, table: str, disposition: str, label: str = "") -> None:
        from google.cloud import bigquery

        config = bigquery.LoadJobConfig(
            source_format=_FORMATS[path.suffix.lower()], autodetect=True, labels=dict(self.labels),
            write_disposition=disposition,
        )  # fmt: skip
        if label:
            # The client has no name for it: https://cloud.google.com/bigquery/docs/reference/rest/v2/Job
            config._properties["load"]["destinationTableProperties"] = {"labels": {label: "file"}}
        if path.suffix.lower() == ".csv":
            config.skip_leading_rows = 1
            config.allow_quoted_newlines = True
        with _said(""), path.open("rb") as file:
            job_id = f"bqb_load_{uuid.uuid4().hex}"
            try:
                job: Any = self._client.load_table_from_file(
                    file, self._path(table), job_config=config, job_id=job_id, location=self._location,
                    size=path.stat().st_size, timeout=self.call_seconds,
                )  # fmt: skip
            except _lost():  # and sent again; or its reply was no JSON
                job = self._client.get_job(job_id, location=self._location, **self._patience)
            self._wait(job)

    def describe(self, table: str) -> Table | None:
        from google.api_core.exceptions import NotFound

        with _said(""):
            try:
                found = self._client.get_table(self._path(table), **self._patience)
            except NotFound:
                return None
            return Table(tuple(map(column_of, found.schema)), dict(found.labels), found.table_type != "TABLE")

    def _execute(self, statement: Statement) -> None:
        """Runs a statement under its job id, or takes over what that came to; a passing failure is tried again."""
        from google.api_core.exceptions import Conflict, GoogleAPICallError

        config = self._config(statement.parameters)
        for attempt in range(_ATTEMPTS):
            job_id = statement.job_id if attempt == 0 else f"{statement.job_id}_again{attempt}"
            with _said(statement.sql):
                try:
                    job: Any = self._client.query(
                        statement.sql, job_id=job_id, job_config=config, location=self._location, job_retry=None,
                        **self._patience,
                    )  # fmt: skip
                except Conflict:
                    job = self._client.get_job(job_id, location=self._location, **self._patience)
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
            while not job.done(**self._patience):
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        if error := job.exception():
            raise error

    def _config(self, parameters: Mapping[str, Any] = {}, **more: Any) -> bigquery.QueryJobConfig:
        from google.cloud import bigquery

        made = [
            bigquery.ScalarQueryParameter(name, _PARAMETERS.get(type(value), "STRING"), value)
            for name, value in parameters.items()
        ]
        if self.maximum_bytes_billed is not None:  # None would be sent as a text
            more["maximum_bytes_billed"] = self.maximum_bytes_billed
        return bigquery.QueryJobConfig(
            default_dataset=self._path(self.dataset.path), query_parameters=made, labels=dict(self.labels), **more
        )

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
        retry = DEFAULT_RETRY.with_predicate(lambda error: isinstance(error, JSONDecodeError) or known(error))
        return retry.with_delay(initial=self.pause_seconds).with_timeout(self.patience_seconds)

    @property
    def _patience(self) -> dict[str, Any]:
        """What every call is told of how long it is waited for."""
        return {"retry": self._retry, "timeout": self.call_seconds}

    @property
    def _location(self) -> str:
        if self.location is None:
            with _said(""):
                self.location = self._client.get_dataset(self._path(self.dataset.path), **self._patience).location
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
                raise WarehouseError(
                    "there are no Google Cloud credentials on this machine",
                    "gcloud auth application-default login",
                ) from None
        return self._made


def column_of(field: bigquery.SchemaField) -> Column:
    """A column with its GoogleSQL type: the API has older names, and arrays as a mode."""
    kind = _TYPES.get(field.field_type, field.field_type)
    if kind == "STRUCT":
        inner = (column_of(each) for each in field.fields)
        kind = f"STRUCT<{', '.join(f'{column.name} {column.type}' for column in inner)}>"
    return Column(field.name, f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind)


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


@contextlib.contextmanager
def _said(sql: str) -> Iterator[None]:
    """Turns Google's errors into ours, with the offset in the statement that they tell as line and column."""
    from google.api_core.exceptions import Conflict, Forbidden, GoogleAPICallError, NotFound, RetryError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except Conflict as error:
        raise Exists(_message(error), None) from None
    except Forbidden as error:
        raise WarehouseError(f"not allowed: {_message(error)}", _role(_message(error))) from None
    except NotFound as error:
        hint = "does the dataset exist, in the location that is set? bqbatch doctor"
        raise WarehouseError(_message(error), hint, offset=_offset(error, sql)) from None
    except GoogleAPICallError as error:
        raise WarehouseError(_message(error), None, offset=_offset(error, sql)) from None
    except GoogleAuthError as error:
        raise WarehouseError(
            f"Google Cloud does not know you: {error}", "gcloud auth application-default login"
        ) from None
    except (RequestException, RetryError) as error:
        cause = error.cause if isinstance(error, RetryError) else error
        raise WarehouseError(
            f"BigQuery can't be reached: {cause}", "is there a network? it is safe to go on later"
        ) from None


def _message(error: Any) -> str:
    said = str(error.errors[0].get("message") if error.errors else error.message).strip()
    return re.sub(r"\s*at \[\d+:\d+\]$", "", said.splitlines()[0])


def _offset(error: Any, sql: str) -> int | None:
    found = re.search(r"at \[(\d+):(\d+)\]", str(error))
    if not found or not sql:
        return None
    lines = sql.splitlines(keepends=True)
    return sum(map(len, lines[: int(found[1]) - 1])) + int(found[2]) - 1


def _role(message: str) -> str | None:
    wanted = re.search(r"(bigquery\.\w+\.\w+)", message)
    role = "bigquery.dataEditor" if wanted and "tables" in wanted[1] else "bigquery.user"
    return f"gcloud projects add-iam-policy-binding PROJECT --member=user:YOU --role=roles/{role}"
