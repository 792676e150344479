"""The datasets and tables of the loopback BigQuery: what DuckDB has no place for is kept here.

Assumed without a source: that a view, too, takes the default expiration of its dataset.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from bqbatch.names import Dataset
from bqbatch.warehouses import Statement
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.loopback.http import Answer, Call, Refusal
from tests.loopback.rules import Rules, check_labels
from tests.loopback.values import schema_field

_PATH = re.compile(r".*/projects/([^/]+)/datasets/([^/:]+)/tables/([^/:]+)")
_CHANGING = (exp.Create, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Drop)
_EXPIRATION, _DEFAULT_DAYS = "expiration_timestamp", "default_table_expiration_days"


@dataclass
class Kept:
    """What is known of a table: when it expires, in seconds since 1970, and the descriptions of its columns."""

    expires: float | None = None
    descriptions: dict[str, str] = field(default_factory=dict)


@dataclass
class Tables:
    """The tables of one project. `datasets` has each dataset's location."""

    project: str
    datasets: dict[str, str]
    rules: Rules
    warehouse_now: Callable[[], DuckDBWarehouse]
    locked: Callable[[], Any]
    kept: dict[str, Kept] = field(default_factory=dict)

    @property
    def warehouse(self) -> DuckDBWarehouse:
        """Where the rows are; a test may have put another one in its place."""
        return self.warehouse_now()

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "bigquery.datasets.get": self.get_dataset,
            "bigquery.tables.get": self.get,
            "bigquery.tables.list": self.list,
            "bigquery.tables.patch": self.patch,
            "bigquery.tables.delete": self.delete,
            "bigquery.tables.testIamPermissions": self.test_permissions,
            "bigquery.rowAccessPolicies.list": self.row_policies,
        }

    # What statements need.

    def check(self, tree: exp.Expr, location: str) -> None:
        """Refuses a statement over datasets that are not there or elsewhere, or that a permission is missing for."""
        if is_schema(tree):
            self.rules.need("bigquery.datasets.create", "Project", self.project)
            return
        target = tree.find(exp.Table) if isinstance(tree, _CHANGING) else None
        columns = {column.name for column in tree.find_all(exp.Column)}
        for table in tree.find_all(exp.Table):
            if not table.db:
                continue
            path = f"{table.catalog or self.project}:{table.db}.{table.name}"
            if table.catalog not in ("", self.project):
                self._refuse_other(path)
            if self.datasets.get(table.db) != location:
                words = f"Not found: Dataset {self.project}:{table.db} was not found in location {location}"
                raise Refusal(404, "notFound", words, "NOT_FOUND")
            if table is target:
                self._check_change(tree, path)
            else:
                self.rules.need("bigquery.tables.getData", "Table", path)
                self.rules.check_tags(f"{table.db}.{table.name}", columns, path)

    def _refuse_other(self, path: str) -> None:
        words = f"User does not have permission to query table {path}, or perhaps it does not exist."
        raise Refusal(403, "accessDenied", f"Access Denied: Table {path}: {words}", "PERMISSION_DENIED")

    def _check_change(self, tree: exp.Expr, path: str) -> None:
        if isinstance(tree, exp.Create):
            self.rules.need("bigquery.tables.create", "Dataset", path.partition(".")[0])
            check_labels({pair.expressions[0].name: pair.expressions[1].name for pair in _labels(tree)})
        elif isinstance(tree, exp.Drop):
            self.rules.need("bigquery.tables.delete", "Table", path)
        else:
            self.rules.need("bigquery.tables.updateData", "Table", path)

    def remember(self, tree: exp.Expr, location: str) -> None:
        """Keeps what a statement says of a table, or of a dataset, that DuckDB forgets."""
        table = tree.find(exp.Table)
        if isinstance(tree, exp.Create) and is_schema(tree) and table is not None:
            name = table.db.rpartition(".")[2]
            days = next((float(item.args["value"].name) for item in _options(tree) if item.name == _DEFAULT_DAYS), 0)
            if name not in self.datasets:
                self.datasets[name], self.rules.expirations[name] = location, int(days * 86_400)
            return
        if not isinstance(tree, (exp.Create, exp.Drop)) or table is None:
            return
        name = f"{table.db}.{table.name}"
        if isinstance(tree, exp.Create) and not (tree.args.get("exists") and name in self.kept):
            self.kept[name] = Kept(self._expiration(tree, table.db))
        elif isinstance(tree, exp.Drop):
            self.kept.pop(name, None)

    def made(self, path: str) -> None:
        """Keeps of a table that no statement made when it expires."""
        self.kept[path] = Kept(self._default(path.partition(".")[0]))

    def _default(self, dataset: str) -> float | None:
        seconds = self.rules.expirations.get(dataset)
        return time.time() + seconds if seconds else None

    def _expiration(self, tree: exp.Create, dataset: str) -> float | None:
        told = next((item.args["value"] for item in _options(tree) if item.name == _EXPIRATION), None)
        if told is None:
            return self._default(dataset)
        value = self.warehouse.read(f"SELECT {told.sql('bigquery')} AS t").rows[0][0]
        return float(value.timestamp()) if value else None

    # The API.

    def get_dataset(self, call: Call) -> Any:
        name = call.path.rpartition("/")[2]
        if name not in self.datasets:
            raise Refusal(404, "notFound", f"Not found: Dataset {self.project}:{name}", "NOT_FOUND")
        self.rules.need("bigquery.datasets.get", "Dataset", f"{self.project}:{name}")
        reply: dict[str, Any] = {
            "kind": "bigquery#dataset", "id": f"{self.project}:{name}", "location": self.datasets[name],
            "datasetReference": {"projectId": self.project, "datasetId": name},
        }  # fmt: skip
        if seconds := self.rules.expirations.get(name):
            reply["defaultTableExpirationMs"] = str(seconds * 1000)
        if key := self.rules.keys.get(name):
            reply["defaultEncryptionConfiguration"] = {"kmsKeyName": key}
        return reply

    def get(self, call: Call) -> Any:
        dataset, name = self._named(call)
        path = f"{dataset}.{name}"
        with self.locked():
            there = self.warehouse.describe(f"`{path}`")
        if there is None:
            raise Refusal(404, "notFound", f"Not found: Table {self.project}:{path}", "NOT_FOUND")
        self.rules.need("bigquery.tables.get", "Table", f"{self.project}:{path}")
        kept, tags = self.kept.setdefault(path, Kept()), self.rules.tags.get(path, {})
        fields = [schema_field(column) for column in there.columns]
        for each in fields:
            if description := kept.descriptions.get(each["name"]):
                each["description"] = description
            if tag := tags.get(each["name"]):
                each["policyTags"] = {"names": [tag]}
        reply: dict[str, Any] = {
            "kind": "bigquery#table", "id": f"{self.project}:{path}", "type": "VIEW" if there.is_view else "TABLE",
            "tableReference": {"projectId": self.project, "datasetId": dataset, "tableId": name},
            "schema": {"fields": fields}, "labels": dict(there.labels), "location": self.datasets[dataset],
        }  # fmt: skip
        if kept.expires is not None:
            reply["expirationTime"] = str(int(kept.expires * 1000))
        if key := self.rules.keys.get(dataset):
            reply["encryptionConfiguration"] = {"kmsKeyName": key}
        return reply

    def list(self, call: Call) -> Any:
        dataset = call.path.split("/datasets/")[1].split("/")[0]
        self.rules.need("bigquery.tables.list", "Dataset", f"{self.project}:{dataset}")
        references = [
            {"projectId": self.project, "datasetId": dataset, "tableId": name}
            for name in self.warehouse.list_tables(Dataset(dataset))
        ]
        start, most = int(call.query.get("pageToken") or 0), 2
        page: dict[str, Any] = {
            "kind": "bigquery#tableList", "totalItems": len(references),
            "tables": [{"kind": "bigquery#table", "tableReference": each} for each in references[start : start + most]],
        }  # fmt: skip
        if start + most < len(references):
            page["nextPageToken"] = str(start + most)
        return page

    def patch(self, call: Call) -> Any:
        """Sets descriptions of columns; a schema with other columns is refused."""
        dataset, name = self._named(call)
        self.rules.need("bigquery.tables.update", "Table", f"{self.project}:{dataset}.{name}")
        there = self.get(call)["schema"]["fields"]
        told = call.body["schema"]["fields"]
        if [(one["name"], one["type"]) for one in told] != [(one["name"], one["type"]) for one in there]:
            words = f"Provided Schema does not match Table {self.project}:{dataset}.{name}."
            raise Refusal(400, "invalid", words, "INVALID_ARGUMENT")
        self.kept[f"{dataset}.{name}"].descriptions = {
            one["name"]: one["description"] for one in told if one.get("description")
        }
        return self.get(call)

    def delete(self, call: Call) -> Any:
        """Drops a table or a view, one whose tables are gone too."""
        dataset, name = self._named(call)
        self.rules.need("bigquery.tables.delete", "Table", f"{self.project}:{dataset}.{name}")
        with self.locked():
            if name not in self.warehouse.list_tables(Dataset(dataset)):
                raise Refusal(404, "notFound", f"Not found: Table {self.project}:{dataset}.{name}", "NOT_FOUND")
            there = self.warehouse.describe(f"`{dataset}.{name}`")
            kind = "TABLE" if there and not there.is_view else "VIEW"
            self.warehouse.execute(Statement(f"DROP {kind} `{dataset}.{name}`", f"delete_{time.monotonic_ns()}"))
        self.kept.pop(f"{dataset}.{name}", None)
        return None

    def test_permissions(self, call: Call) -> Any:
        return {"permissions": [one for one in call.body["permissions"] if one not in self.rules.denied]}

    def row_policies(self, call: Call) -> Any:
        dataset, name = self._named(call)
        self.rules.need("bigquery.rowAccessPolicies.list", "Table", f"{self.project}:{dataset}.{name}")
        if f"{dataset}.{name}" not in self.rules.secured:
            return {}
        reference = {"projectId": self.project, "datasetId": dataset, "tableId": name, "policyId": "some"}
        return {"rowAccessPolicies": [{"rowAccessPolicyReference": reference, "filterPredicate": "region = 'EU'"}]}

    def _named(self, call: Call) -> tuple[str, str]:
        found = _PATH.match(call.path)
        assert found
        return found[2], found[3]


def is_schema(tree: exp.Expr) -> bool:
    """Whether a statement makes a dataset: it is in the location where the statement runs."""
    return isinstance(tree, exp.Create) and tree.kind == "SCHEMA"


def _options(tree: exp.Create) -> Iterator[exp.Property]:
    properties = tree.args.get("properties")
    for item in properties.expressions if properties else []:
        if isinstance(item, exp.Property) and "value" in item.args:
            yield item


def _labels(tree: exp.Create) -> list[exp.Expr]:
    return [pair for item in _options(tree) if item.name == "labels" for pair in item.args["value"].expressions]
