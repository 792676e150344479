"""BigQuery v2 as bqbatch's client uses it, over the embedded warehouse: its jobs.

Assumed without a source: the number of bytes a dry run tells (8 per column, unless a table has a size by `Rules`), and
that a job whose statement fails is inserted all the same and says so in its status (as the API does for most errors).
"""

from __future__ import annotations

import email
import functools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from bqbatch.errors import Exists, WarehouseError
from bqbatch.warehouses import Result, Statement
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.loopback.http import Answer, Call, Refusal, Reply
from tests.loopback.rules import MOST_QUERY, Rules, check_labels
from tests.loopback.tables import Tables, is_schema
from tests.loopback.values import cell, schema_field

PAGE_ROWS = 1_000
RESULTS = "_results"
"""The dataset that results are in until they are read."""
_CODES = {"accessDenied": 403, "quotaExceeded": 403, "notFound": 404, "duplicate": 409}
_STATEMENTS = {
    exp.Create: "CREATE_TABLE_AS_SELECT", exp.Insert: "INSERT", exp.Delete: "DELETE", exp.Update: "UPDATE",
    exp.Merge: "MERGE", exp.Drop: "DROP_TABLE",
}  # fmt: skip


@dataclass
class BigQuery:
    """The datasets and jobs of one project; `datasets` has each dataset's location."""

    folder: Path
    project: str = "p"
    datasets: dict[str, str] = field(default_factory=lambda: {"llm": "US"})
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.warehouse = DuckDBWarehouse(self.folder / "bigquery.duckdb", "llm")
        self._lock = threading.RLock()
        self.tables = Tables(self.project, self.datasets, self.rules, lambda: self.warehouse, lambda: self._lock)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        answers: dict[str, Answer] = {
            "bigquery.jobs.insert": self.insert,
            "bigquery.jobs.get": self.get_job,
            "bigquery.jobs.cancel": lambda call: {"kind": "bigquery#jobCancelResponse", "job": self.get_job(call)},
            "bigquery.jobs.query": self.query,
            "bigquery.jobs.getQueryResults": self.query_results,
            **self.tables.answers,
        }
        return {method: self._checked(answer) for method, answer in answers.items()}

    def _checked(self, answer: Answer) -> Answer:
        def answer_checked(call: Call) -> Any:
            self.rules.check_call(call.method, call.path.split("/projects/")[1].split("/")[0], self.project)
            return answer(call)

        return answer_checked

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
        _, _, total = call.headers["Content-Range"].partition("/")
        if total != str(len(upload["content"])):
            return Reply(None, {"Range": f"bytes=0-{len(upload['content']) - 1}"}, 308)
        return self._insert(upload)

    def _insert(self, body: Mapping[str, Any]) -> Any:
        configuration = body["configuration"]
        reference = {"projectId": self.project, "location": "US", **body.get("jobReference", {})}
        job_id = reference.setdefault("jobId", f"job_{len(self.jobs)}")
        self.rules.need("bigquery.jobs.create", "Project", self.project)
        check_labels(configuration.get("labels", {}))
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
                details = self._run(
                    configuration["query"], job_id, reference["location"], dry=bool(configuration.get("dryRun"))
                ) if kind == "QUERY" else self._load(configuration["load"], body["content"])  # fmt: skip
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
        job_id, location = f"query_{len(self.jobs)}", call.body.get("location", "US")
        self.rules.need("bigquery.jobs.create", "Project", self.project)
        with self._lock:
            details = self._run(call.body, job_id, location, dry=bool(call.body.get("dryRun")))
            self.jobs[job_id] = {
                "kind": "bigquery#job", "id": f"{self.project}:US.{job_id}", "status": {"state": "DONE"},
                "jobReference": {"projectId": self.project, "location": location, "jobId": job_id},
                "configuration": {"jobType": "QUERY", "query": {
                    "query": call.body["query"],
                    "destinationTable": {"projectId": self.project, "datasetId": RESULTS, "tableId": job_id},
                }},
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
            raise Refusal(_CODES.get(problem["reason"], 400), problem["reason"], problem["message"])
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

    def _run(self, query: Mapping[str, Any], job_id: str, location: str, *, dry: bool) -> dict[str, Any]:
        sql = query["query"]
        if len(sql) > MOST_QUERY:
            words = "The maximum standard SQL query length is 1024.00K characters, including comments and white space characters."
            raise Refusal(400, "invalid", f"The query is too large. {words}", "INVALID_ARGUMENT")
        parameters = {
            each["name"]: _value(each["parameterValue"].get("value"), each["parameterType"]["type"])
            for each in query.get("queryParameters", [])
        }
        tree = _parsed(sql)
        self.tables.check(tree, location)
        read = [table for table in tree.find_all(exp.Table) if table.db]
        size = sum(self.rules.sizes.get(f"{table.db}.{table.name}", 0) for table in read)
        most = query.get("maximumBytesBilled")
        if not dry and most and size > int(most):
            words = f"Query exceeded limit for bytes billed: {most}. {size} or higher required."
            raise Refusal(400, "bytesBilledLimitExceeded", words, "INVALID_ARGUMENT")
        try:
            if isinstance(tree, exp.Query):
                if dry:
                    columns = self.warehouse.dry_run(sql).columns
                else:
                    self.results[job_id] = self.warehouse.read(sql, parameters)
                    columns = self.results[job_id].columns
                return {
                    "statementType": "SELECT", "totalBytesProcessed": str(size or 8 * len(columns)),
                    "referencedTables": [
                        {"projectId": self.project, "datasetId": table.db, "tableId": table.name} for table in read
                    ],
                    "schema": {"fields": [schema_field(column) for column in columns]},
                }  # fmt: skip
            if not dry:
                self.warehouse.execute(Statement(sql, job_id, parameters))
                self.tables.remember(tree, location)
        except Exists as error:
            raise Refusal(409, "duplicate", f"Already Exists: Table {self.project}:{error.message}") from None
        except WarehouseError as error:
            raise Refusal(400, "invalidQuery", _placed(error, sql)) from None
        if is_schema(tree):
            return {"statementType": "CREATE_SCHEMA", "totalBytesProcessed": "0"}
        return {"statementType": _STATEMENTS.get(type(tree), "SCRIPT"), "totalBytesProcessed": "0"}

    def _load(self, load: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        reference = load["destinationTable"]
        path = f"{self.project}:{reference['datasetId']}"
        self.rules.need("bigquery.tables.create", "Dataset", path)
        if reference["datasetId"] not in self.datasets:
            raise Refusal(404, "notFound", f"Not found: Dataset {path}", "NOT_FOUND")
        suffix = {"CSV": ".csv", "NEWLINE_DELIMITED_JSON": ".jsonl", "PARQUET": ".parquet"}[load["sourceFormat"]]
        file = self.folder / f"upload{suffix}"
        file.write_bytes(content)
        table = f"`{reference['datasetId']}.{reference['tableId']}`"
        if load.get("writeDisposition") == "WRITE_EMPTY" and self.warehouse.describe(table):
            raise Refusal(409, "duplicate", f"Already Exists: Table {reference['tableId']}")
        labels = load.get("destinationTableProperties", {}).get("labels", {})
        try:
            if load.get("writeDisposition") == "WRITE_TRUNCATE":
                self.warehouse.replace(file, table, next(iter(labels), ""))
            else:
                self.warehouse.load(file, table)
        except WarehouseError as error:
            raise Refusal(400, "invalid", f"Error while reading data, error message: {error.message}") from None
        self.tables.made(f"{reference['datasetId']}.{reference['tableId']}")
        return {"outputRows": "0", "inputFiles": "1"}


@functools.lru_cache(2048)
def _parsed(sql: str) -> exp.Expr:
    """The tree of a statement, to be looked at only."""
    return sqlglot.parse_one(sql, dialect="bigquery")


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
