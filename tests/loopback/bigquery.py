"""BigQuery v2 as bqbatch's client uses it, over the embedded warehouse.

Assumed without a source: the number of bytes a dry run tells (8 per value), and that a job whose statement fails is
inserted all the same and says so in its status (as the API does for most errors).
"""

from __future__ import annotations

import base64
import datetime as dt
import email
import functools
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from bqbatch.errors import Exists, WarehouseError
from bqbatch.warehouses import Column, Result, Statement
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.loopback.http import Answer, Call, Refusal, Reply

PAGE_ROWS = 1_000
_LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
_STATEMENTS = {
    exp.Create: "CREATE_TABLE_AS_SELECT", exp.Insert: "INSERT", exp.Delete: "DELETE", exp.Update: "UPDATE",
    exp.Merge: "MERGE", exp.Drop: "DROP_TABLE",
}  # fmt: skip
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass
class BigQuery:
    """The datasets and jobs of one project; `datasets` has each dataset's location."""

    folder: Path
    project: str = "p"
    datasets: dict[str, str] = field(default_factory=lambda: {"llm": "US"})
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.warehouse = DuckDBWarehouse(self.folder / "bigquery.duckdb", "llm")
        self._lock = threading.RLock()

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        return {
            "bigquery.jobs.insert": self.insert,
            "bigquery.jobs.get": self.get_job,
            "bigquery.jobs.cancel": lambda call: {"kind": "bigquery#jobCancelResponse", "job": self.get_job(call)},
            "bigquery.jobs.query": self.query,
            "bigquery.jobs.getQueryResults": self.query_results,
            "bigquery.datasets.get": self.get_dataset,
            "bigquery.tables.get": self.get_table,
            "bigquery.tables.list": self.list_tables,
            "bigquery.tables.patch": self.patch_table,
            "bigquery.tables.delete": self.delete_table,
        }

    # Jobs.

    def insert(self, call: Call) -> Any:
        """Runs a query or a load job; one whose id is taken is refused."""
        if call.query.get("uploadType") == "resumable":
            return self._upload(call)
        return self._insert(call.body if isinstance(call.body, dict) else _multipart(call))

    def _upload(self, call: Call) -> Any:
        """A file in several calls: the job, then its bytes, the last of which starts it."""
        if "upload_id" not in call.query:
            name = f"upload{len(self.uploads)}"
            self.uploads[name] = {**call.body, "content": b""}
            return Reply(None, {"Location": f"{call.origin}{call.path}?uploadType=resumable&upload_id={name}"})
        upload = self.uploads[call.query["upload_id"]]
        upload["content"] += call.body
        _, _, total = call.content_range.partition("/")
        if total != str(len(upload["content"])):
            return Reply(None, {"Range": f"bytes=0-{len(upload['content']) - 1}"}, 308)
        return self._insert(upload)

    def _insert(self, body: Mapping[str, Any]) -> Any:
        configuration = body["configuration"]
        reference = {"projectId": self.project, "location": "US", **body.get("jobReference", {})}
        job_id = reference.setdefault("jobId", f"job_{len(self.jobs)}")
        with self._lock:
            if job_id in self.jobs:
                raise Refusal(409, "duplicate", f"Already Exists: Job {self.project}:US.{job_id}")
            kind = "QUERY" if "query" in configuration else "LOAD"
            now = str(int(time.time() * 1000))
            job: dict[str, Any] = {
                "kind": "bigquery#job", "id": f"{self.project}:US.{job_id}", "jobReference": reference,
                "configuration": {**configuration, "jobType": kind}, "status": {"state": "DONE"},
                "statistics": {"creationTime": now, "startTime": now, "endTime": now},
            }  # fmt: skip
            try:
                details = self._run(configuration["query"], job_id, dry=bool(configuration.get("dryRun"))) if (
                    kind == "QUERY") else self._load(configuration["load"], body["content"])  # fmt: skip
                job["statistics"]["query" if kind == "QUERY" else "load"] = details
            except Refusal as refusal:
                if configuration.get("dryRun"):
                    raise
                problem = {"reason": refusal.reason, "message": refusal.message, "location": "query"}
                job["status"] |= {"errorResult": problem, "errors": [problem]}
            if not configuration.get("dryRun"):
                self.jobs[job_id] = job
            return job

    def get_job(self, call: Call) -> Any:
        job_id = call.path.split("/jobs/")[1].split("/")[0]
        if job_id not in self.jobs:
            raise Refusal(404, "notFound", f"Not found: Job {self.project}:{job_id}")
        return self.jobs[job_id]

    def query(self, call: Call) -> Any:
        """Runs a query and gives its first rows."""
        job_id = f"query_{len(self.jobs)}"
        with self._lock:
            details = self._run(call.body, job_id, dry=bool(call.body.get("dryRun")))
            self.jobs[job_id] = {
                "kind": "bigquery#job", "id": f"{self.project}:US.{job_id}", "status": {"state": "DONE"},
                "jobReference": {"projectId": self.project, "location": "US", "jobId": job_id},
                "configuration": {"jobType": "QUERY", "query": {"query": call.body["query"]}},
                "statistics": {"query": details},
            }  # fmt: skip
        return {
            "kind": "bigquery#queryResponse",
            **self._page(job_id, 0, int(call.body.get("maxResults") or PAGE_ROWS)),
        }

    def query_results(self, call: Call) -> Any:
        job_id = call.path.rpartition("/")[2]
        if job_id not in self.jobs:
            raise Refusal(404, "notFound", f"Not found: Job {self.project}:{job_id}")
        if problem := self.jobs[job_id]["status"].get("errorResult"):
            raise Refusal(400, problem["reason"], problem["message"])
        start = int(call.query.get("pageToken") or call.query.get("startIndex") or 0)
        most = int(call.query.get("maxResults", PAGE_ROWS))
        return {"kind": "bigquery#getQueryResultsResponse", **self._page(job_id, start, most)}

    def _page(self, job_id: str, start: int, most: int) -> dict[str, Any]:
        page: dict[str, Any] = {
            "jobReference": {"projectId": self.project, "location": "US", "jobId": job_id}, "jobComplete": True,
            "totalRows": "0", "totalBytesProcessed": "0", "schema": {"fields": []},
        }  # fmt: skip
        if result := self.results.get(job_id):
            rows = result.rows[start : start + most]
            page |= {
                "schema": {"fields": [schema_field(column) for column in result.columns]},
                "totalRows": str(len(result.rows)),
                "rows": [
                    {"f": [{"v": cell(value, column.type)} for value, column in zip(row, result.columns, strict=True)]}
                    for row in rows
                ],
            }
            if start + len(rows) < len(result.rows) and rows:
                page["pageToken"] = str(start + len(rows))
        return page

    def _run(self, query: Mapping[str, Any], job_id: str, *, dry: bool) -> dict[str, Any]:
        sql = query["query"]
        parameters = {
            each["name"]: _value(each["parameterValue"].get("value"), each["parameterType"]["type"])
            for each in query.get("queryParameters", [])
        }
        tree = _parsed(sql)
        self._check_datasets(tree)
        try:
            if isinstance(tree, exp.Query):
                if dry:
                    columns = self.warehouse.dry_run(sql).columns
                else:
                    self.results[job_id] = self.warehouse.read(sql, parameters)
                    columns = self.results[job_id].columns
                return {
                    "statementType": "SELECT", "totalBytesProcessed": str(8 * len(columns)),
                    "schema": {"fields": [schema_field(column) for column in columns]},
                }  # fmt: skip
            if not dry:
                self.warehouse.execute(Statement(sql, job_id, parameters))
                self._remember(tree)
        except Exists as error:
            raise Refusal(409, "duplicate", f"Already Exists: Table {self.project}:{error.message}") from None
        except WarehouseError as error:
            raise Refusal(400, "invalidQuery", _placed(error, sql)) from None
        return {"statementType": _STATEMENTS.get(type(tree), "SCRIPT"), "totalBytesProcessed": "0"}

    def _check_datasets(self, tree: exp.Expr) -> None:
        for table in tree.find_all(exp.Table):
            if table.db and table.db not in self.datasets:
                raise Refusal(
                    404, "notFound", f"Not found: Dataset {self.project}:{table.db} was not found in location US"
                )

    def _remember(self, tree: exp.Expr) -> None:
        """Keeps the OPTIONS of a table that was made: DuckDB has no place for them."""
        if isinstance(tree, (exp.Create, exp.Drop)) and (table := tree.find(exp.Table)):
            name = f"{table.db}.{table.name}"
            self.tables.pop(name, None)
            if isinstance(tree, exp.Create):
                properties = tree.args.get("properties")
                found = {
                    item.name: item.args["value"].sql("bigquery")
                    for item in (properties.expressions if properties else [])
                    if isinstance(item, exp.Property) and "value" in item.args
                }
                self.tables[name] = {"options": found, "made": time.time()}

    def _load(self, load: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        reference = load["destinationTable"]
        suffix = {"CSV": ".csv", "NEWLINE_DELIMITED_JSON": ".jsonl", "PARQUET": ".parquet"}[load["sourceFormat"]]
        path = self.folder / f"upload{suffix}"
        path.write_bytes(content)
        table = f"`{reference['datasetId']}.{reference['tableId']}`"
        if load.get("writeDisposition") == "WRITE_EMPTY" and self.warehouse.describe(table):
            raise Refusal(409, "duplicate", f"Already Exists: Table {reference['tableId']}")
        labels = load.get("destinationTableProperties", {}).get("labels", {})
        try:
            if load.get("writeDisposition") == "WRITE_TRUNCATE":
                self.warehouse.replace(path, table, next(iter(labels), ""))
            else:
                self.warehouse.load(path, table)
        except WarehouseError as error:
            raise Refusal(400, "invalid", f"Error while reading data, error message: {error.message}") from None
        return {"outputRows": "0", "inputFiles": "1"}

    # Datasets and tables.

    def get_dataset(self, call: Call) -> Any:
        name = call.path.rpartition("/")[2]
        if name not in self.datasets:
            raise Refusal(404, "notFound", f"Not found: Dataset {self.project}:{name}")
        return {
            "kind": "bigquery#dataset", "id": f"{self.project}:{name}", "location": self.datasets[name],
            "datasetReference": {"projectId": self.project, "datasetId": name},
        }  # fmt: skip

    def get_table(self, call: Call) -> Any:
        _, dataset, name = re.fullmatch(r".*/projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)", call.path).groups()  # type: ignore[union-attr]
        with self._lock:
            there = self.warehouse.describe(f"`{dataset}.{name}`")
        if there is None:
            raise Refusal(404, "notFound", f"Not found: Table {self.project}:{dataset}.{name}")
        reply: dict[str, Any] = {
            "kind": "bigquery#table", "id": f"{self.project}:{dataset}.{name}", "type": "VIEW" if there.is_view else "TABLE",
            "tableReference": {"projectId": self.project, "datasetId": dataset, "tableId": name},
            "schema": {"fields": [schema_field(column) for column in there.columns]}, "labels": dict(there.labels),
            "location": self.datasets[dataset],
        }  # fmt: skip
        return reply

    def list_tables(self, call: Call) -> Any:
        dataset = call.path.split("/datasets/")[1].split("/")[0]
        references = [
            {"projectId": self.project, "datasetId": dataset, "tableId": name} for name in self.warehouse.list_tables()
        ]
        start, most = int(call.query.get("pageToken") or 0), 2
        page: dict[str, Any] = {
            "kind": "bigquery#tableList", "totalItems": len(references),
            "tables": [{"kind": "bigquery#table", "tableReference": each} for each in references[start : start + most]],
        }  # fmt: skip
        if start + most < len(references):
            page["nextPageToken"] = str(start + most)
        return page

    def patch_table(self, call: Call) -> Any:
        reply = self.get_table(call)
        self.tables.setdefault(".".join(call.path.split("/")[-3::2]), {}).update(patched=call.body)
        return reply

    def delete_table(self, call: Call) -> Any:
        """Drops a table or a view, one whose tables are gone too."""
        dataset, _, name = call.path.split("/")[-3:]
        with self._lock:
            if name not in self.warehouse.list_tables():
                raise Refusal(404, "notFound", f"Not found: Table {self.project}:{dataset}.{name}")
            there = self.warehouse.describe(f"`{dataset}.{name}`")
            kind = "TABLE" if there and not there.is_view else "VIEW"
            self.warehouse.execute(Statement(f"DROP {kind} `{dataset}.{name}`", f"delete_{time.monotonic_ns()}"))
        return None


@functools.lru_cache(2048)
def _parsed(sql: str) -> exp.Expr:
    """The tree of a statement, to be looked at only."""
    return sqlglot.parse_one(sql, dialect="bigquery")


def schema_field(column: Column) -> dict[str, Any]:
    """A column as the API describes it."""
    kind, mode = column.type, "NULLABLE"
    if kind.startswith("ARRAY<"):
        kind, mode = kind[len("ARRAY<") : -1], "REPEATED"
    made: dict[str, Any] = {"name": column.name, "type": _LEGACY.get(kind, kind), "mode": mode}
    if kind.startswith("STRUCT<"):
        made |= {"type": "RECORD", "fields": [schema_field(inner) for inner in fields_of(kind)]}
    return made


def fields_of(struct: str) -> list[Column]:
    """The fields of `STRUCT<a INT64, b ARRAY<STRING>>`."""
    data = exp.DataType.build(struct, dialect="bigquery")
    return [Column(inner.this.name, inner.args["kind"].sql("bigquery")) for inner in data.expressions]


def cell(value: Any, kind: str) -> Any:
    """A value as the API writes it: nearly all are strings."""
    if value is None:
        return [] if kind.startswith("ARRAY<") else None
    if kind.startswith("ARRAY<"):
        return [{"v": cell(item, kind[len("ARRAY<") : -1])} for item in value]
    if kind.startswith("STRUCT<"):
        return {"f": [{"v": cell(value[column.name], column.type)} for column in fields_of(kind)]}
    match kind:
        case "BOOL":
            return "true" if value else "false"
        case "BYTES":
            return base64.b64encode(value).decode()
        case "TIMESTAMP":
            return str((value - _EPOCH) // dt.timedelta(microseconds=1))
        case "DATETIME" | "DATE" | "TIME":
            return value.isoformat()
        case "FLOAT64":
            return repr(value)
        case _:
            return str(value)


def _value(text: str | None, kind: str) -> Any:
    if text is None:
        return None
    read: dict[str, Callable[[str], Any]] = {"INT64": int, "FLOAT64": float, "BOOL": lambda said: said == "true"}
    return read.get(kind, str)(text)


def _placed(error: WarehouseError, sql: str) -> str:
    if error.offset is None:
        return error.message
    before = sql[: error.offset]
    return f"{error.message} at [{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}]"


def _multipart(call: Call) -> dict[str, Any]:
    """The two parts of an upload: the job, and the file."""
    raw: bytes = call.body
    boundary = raw.split(b"\r\n", 1)[0].removeprefix(b"--")
    message = email.message_from_bytes(b"Content-Type: multipart/related; boundary=" + boundary + b"\r\n\r\n" + raw)
    parts: list[Any] = list(message.walk())[1:]
    described: dict[str, Any] = json.loads(parts[0].get_payload(decode=True))
    return {**described, "content": parts[1].get_payload(decode=True)}
