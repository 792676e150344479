"""What BigQuery tells of a dataset, of tables and of an account, for `doctor` to judge; nothing is changed or billed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from bqbatch import gcloud
from bqbatch.warehouses.bigquery import BigQueryWarehouse

if TYPE_CHECKING:
    from google.cloud.bigquery import SchemaField, TableReference

_SECONDS = 30.0
"""How long the first answer may take: whoever looks wants to know that there is none."""


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """A dataset's location, the default expiration of its tables in seconds, and the KMS key they are encrypted with.

    `clock` is by how many seconds BigQuery's clock is ahead of this machine's.
    """

    location: str
    expiration: float | None
    key: str | None
    clock: float


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A table that a query reads: its columns with a policy tag, and whether it has row access policies (None: not told)."""

    path: str
    tagged: tuple[str, ...]
    secured: bool | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """Looks at what is around a warehouse. Every method may raise WarehouseError."""

    warehouse: BigQueryWarehouse

    def member(self) -> str:
        """The account that asks, as IAM names it."""
        return gcloud.member_of(self.warehouse._client._credentials)

    def dataset(self) -> DatasetFacts:
        """The target's dataset."""
        warehouse = self.warehouse
        with warehouse._said(""), _dates(warehouse._client._http) as dates:
            path = warehouse._path(warehouse.dataset.path)
            found = warehouse._client.get_dataset(path, retry=None, timeout=_SECONDS)  # type: ignore[arg-type]
        expiration = found.default_table_expiration_ms
        encryption = found.default_encryption_configuration
        return DatasetFacts(
            str(found.location), None if expiration is None else expiration / 1000,
            encryption.kms_key_name if encryption else None, dates[-1] if dates else 0.0,
        )  # fmt: skip

    def missing(self, table: str, permissions: Iterable[str]) -> tuple[str, ...]:
        """Those of the permissions on a table that the account does not have."""
        wanted = tuple(permissions)
        with self.warehouse._said(""):
            reply = self.warehouse._client.test_iam_permissions(self.warehouse._path(table), wanted)
        return tuple(one for one in wanted if one not in reply.get("permissions", ()))

    def sources(self, sql: str) -> tuple[SourceFacts, ...]:
        """The tables that a query reads, by a dry run."""
        warehouse = self.warehouse
        with warehouse._said(sql):
            config = warehouse._config(dry_run=True, use_query_cache=False)
            job = warehouse._client.query(sql, job_config=config, location=warehouse._location)
            return tuple(map(self._source, job.referenced_tables))

    def _source(self, table: TableReference) -> SourceFacts:
        from google.api_core.exceptions import Forbidden

        client = self.warehouse._client
        found = client.get_table(table)
        secured = None
        with contextlib.suppress(Forbidden):
            # The client has no method for it: cloud.google.com/bigquery/docs/reference/rest/v2/rowAccessPolicies/list
            path = f"{table.path}/rowAccessPolicies"
            reply = client._call_api(None, method="GET", path=path) if found.table_type == "TABLE" else {}
            secured = bool(reply.get("rowAccessPolicies"))
        return SourceFacts(
            f"{table.project}.{table.dataset_id}.{table.table_id}", tuple(_tagged(found.schema)), secured
        )


def _tagged(fields: Iterable[SchemaField], prefix: str = "") -> Iterator[str]:
    for field in fields:
        if field.policy_tags and field.policy_tags.names:
            yield prefix + field.name
        yield from _tagged(field.fields, f"{prefix}{field.name}.")


@contextlib.contextmanager
def _dates(http: Any) -> Iterator[list[float]]:
    """How many seconds each reply's clock was ahead of ours, by its Date header."""
    ahead: list[float] = []

    def look(reply: Any, **_: Any) -> None:
        if "Date" in reply.headers:
            ahead.append((parsedate_to_datetime(reply.headers["Date"]) - datetime.now(UTC)).total_seconds())

    http.hooks["response"].append(look)
    try:
        yield ahead
    finally:
        http.hooks["response"].remove(look)
