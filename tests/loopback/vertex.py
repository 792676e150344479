"""Vertex AI batch prediction as bqbatch's client uses it, over the loopback BigQuery; `simulated` answers.

Assumed without a source: the codes and words of what is refused; that an output table that exists is refused (the docs
conflict); that a job goes from PENDING to RUNNING to its end by one step a look; that a listing lags by whole looks.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bqbatch.prompt.output import OutputColumn
from bqbatch.services import Job
from bqbatch.services.simulated import Faults, answer
from bqbatch.warehouses import Column, Statement
from tests.loopback.bigquery import BigQuery
from tests.loopback.http import Answer, Call, Refusal

MOST_REQUESTS = 200_000
RESERVED = {"response", "status", "processed_time"}
NOT_PASSED = ("ARRAY", "STRUCT", "RANGE", "DATETIME", "GEOGRAPHY")
MOVING = ("JOB_STATE_QUEUED", "JOB_STATE_PENDING", "JOB_STATE_RUNNING")


@dataclass
class Vertex:
    """The jobs of one project. `lag` is how many listings a new job is missing from, `lag_seconds` for how long; `states`
    what a job goes through; with `gives_text` a response is a STRING. The job of number `sits` never moves, that of number
    `fails` ends FAILED with so many answers as `answers_of_failed`; a cancelled one has all its answers, or none."""

    bigquery: BigQuery
    output: tuple[OutputColumn, ...] = ()
    faults: Faults = ()
    models: tuple[str, ...] = ("gemini-3.5-flash-lite",)
    locations: tuple[str, ...] = ("global", "us-central1")
    lag: int = 0
    lag_seconds: float = 0.0
    gives_text: bool = False
    sits: int = 0
    fails: int = 0
    answers_of_failed: int = 0
    answers_when_cancelled: bool = True
    most_in_flight: int = 0
    states: tuple[str, ...] = ("JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_SUCCEEDED")
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The key of every request that was sent to the model, in order."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        jobs = "aiplatform.projects.locations.batchPredictionJobs"
        return {
            f"{jobs}.create": self.create,
            f"{jobs}.get": self.get,
            f"{jobs}.list": self.list,
            f"{jobs}.cancel": self.cancel,
            f"{jobs}.delete": self.delete,
        }

    def create(self, call: Call) -> Any:
        body = call.body
        parent = call.path.removeprefix("/v1/").removesuffix("/batchPredictionJobs")
        location = parent.rpartition("/")[2]
        model = body["model"].rpartition("/")[2]
        if location not in self.locations or model not in self.models:
            raise Refusal(
                404, "notFound", f"Publisher Model `{body['model']}` was not found in {location}.", "NOT_FOUND"
            )
        source = _table(body["inputConfig"]["bigquerySource"]["inputUri"])
        target = _table(body["outputConfig"]["bigqueryDestination"]["outputUri"])
        self._check(source, target)
        name = f"{parent}/batchPredictionJobs/{len(self.jobs) + 1}"
        now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
        job = {**body, "name": name, "state": self.states[0], "createTime": now, "updateTime": now}
        listed = time.monotonic() + self.lag_seconds
        self.jobs[name] = {
            "job": job, "looks": 0, "unlisted": self.lag, "listed": listed, "source": source, "target": target,
        }  # fmt: skip
        moving = [kept for kept in self.jobs.values() if kept["job"]["state"] in MOVING]
        self.most_in_flight = max(self.most_in_flight, len(moving))
        return job

    def get(self, call: Call) -> Any:
        kept = self._kept(call.path.removeprefix("/v1/"))
        if kept["job"]["state"] in MOVING and _number(kept) != self.sits:
            kept["looks"] += 1
            last = kept["looks"] >= len(self.states) - 1
            state = self.states[min(kept["looks"], len(self.states) - 1)]
            self._move(kept, "JOB_STATE_FAILED" if last and _number(kept) == self.fails else state)
        return kept["job"]

    def finish(self) -> None:
        """Brings every job to its end."""
        for kept in self.jobs.values():
            if kept["job"]["state"] in MOVING:
                self._move(kept, self.states[-1])

    def list(self, call: Call) -> Any:
        wanted = re.fullmatch(r'labels\.(\w+)="([^"]*)"', call.query.get("filter", ""))
        found = []
        for kept in [kept for name, kept in self.jobs.items() if name.startswith(call.path.removeprefix("/v1/"))]:
            kept["unlisted"] -= 1
            if (
                kept["unlisted"] < 0
                and kept["listed"] <= time.monotonic()
                and (not wanted or kept["job"].get("labels", {}).get(wanted[1]) == wanted[2])
            ):
                found.append(kept["job"])
        return {"batchPredictionJobs": found}

    def cancel(self, call: Call) -> Any:
        kept = self._kept(call.path.removeprefix("/v1/").removesuffix(":cancel"))
        if kept["job"]["state"] in MOVING:
            self._move(kept, "JOB_STATE_CANCELLED")
        return {}

    def delete(self, call: Call) -> Any:
        """Forgets a job that has ended."""
        name = call.path.removeprefix("/v1/")
        if self._kept(name)["job"]["state"] in MOVING:
            raise Refusal(
                400, "failedPrecondition", f"The BatchPredictionJob is running: {name}", "FAILED_PRECONDITION"
            )
        del self.jobs[name]
        done = {"@type": "type.googleapis.com/google.protobuf.Empty"}
        return {"name": f"{name.partition('/batchPredictionJobs')[0]}/operations/1", "done": True, "response": done}

    def _kept(self, name: str) -> dict[str, Any]:
        if name not in self.jobs:
            raise Refusal(404, "notFound", f"The BatchPredictionJob does not exist: {name}", "NOT_FOUND")
        return self.jobs[name]

    def _check(self, source: str, target: str) -> None:
        warehouse = self.bigquery.warehouse
        there = warehouse.describe(f"`{source}`")
        if there is None:
            raise Refusal(400, "invalid", f"The BigQuery table {source} was not found.", "INVALID_ARGUMENT")
        names = {column.name: column.type for column in there.columns}
        if names.get("request") not in ("JSON", "STRING"):
            raise Refusal(400, "invalid", "The input table has no column `request`.", "INVALID_ARGUMENT")
        if wrong := RESERVED & set(names) or {name for name, kind in names.items() if kind.startswith(NOT_PASSED)}:
            raise Refusal(
                400, "invalid", f"The input table has columns that can't be passed: {wrong}", "INVALID_ARGUMENT"
            )
        rows = warehouse.read(f"SELECT COUNT(*) AS n FROM `{source}`").rows[0][0]
        if rows > MOST_REQUESTS:
            raise Refusal(
                400, "invalid", f"The input has {rows} requests, more than {MOST_REQUESTS}.", "INVALID_ARGUMENT"
            )
        if warehouse.describe(f"`{target}`"):
            raise Refusal(409, "alreadyExists", f"The output table {target} exists.", "ALREADY_EXISTS")

    def _move(self, kept: dict[str, Any], state: str) -> None:
        kept["job"]["state"] = state
        if state in MOVING or (state == "JOB_STATE_CANCELLED" and not self.answers_when_cancelled):
            return
        self._answer(kept, self.answers_of_failed if _number(kept) == self.fails else MOST_REQUESTS)

    def _answer(self, kept: dict[str, Any], most: int) -> None:
        """Makes the output table, of the first requests by key: the input's columns, then the service's own."""
        source, target, body = kept["source"], kept["target"], kept["job"]
        warehouse, number = self.bigquery.warehouse, body["name"].rpartition("/")[2]
        dataset = target.partition(".")[0]
        prompt = body["labels"]["bqbatch_prompt"]
        made = f"`{dataset}.vertex_{number}`"
        first = f"SELECT key FROM `{source}` ORDER BY key LIMIT {most}"
        self.asked += [row["key"] for row in warehouse.read(first)]
        there = warehouse.describe(f"`{source}`")
        is_text = there is not None and Column("request", "STRING") in there.columns
        parsed = f"(SELECT key, PARSE_JSON(request, wide_number_mode => 'round') AS request FROM `{source}`)"
        requests = parsed if is_text else f"`{source}`"
        job = Job(f"vertex{number}", prompt, 1, 1, requests, made, f"`{dataset}.{prompt}__answers`")
        warehouse.execute(answer(job, self.output, self.faults))
        version = body["model"].rpartition("/")[2]
        response = f"""PARSE_JSON(REPLACE(TO_JSON_STRING(r.response), '"simulated","responseId"', '"{version}","responseId"'), wide_number_mode => 'round')"""
        response = f"TO_JSON_STRING({response})" if self.gives_text else response
        joined = f"SELECT q.key, q.request, {response} AS response, r.status, r.processed_time FROM `{source}` AS q JOIN {made} AS r ON r.key = q.key WHERE q.key IN ({first})"
        warehouse.execute(Statement(f"CREATE TABLE `{target}` AS\n{joined}", f"vertex_{number}"))
        warehouse.execute(Statement(f"DROP TABLE IF EXISTS {made}", f"vertex_{number}_drop"))
        body["outputInfo"] = {
            "bigqueryOutputDataset": f"bq://{self.bigquery.project}.{dataset}", "bigqueryOutputTable": target.partition(".")[2]
        }  # fmt: skip
        failed = warehouse.read(f"SELECT COUNTIF(status != '') AS n, COUNT(*) AS whole FROM `{target}`").rows[0]
        body["completionStats"] = {"successfulCount": str(failed[1] - failed[0]), "failedCount": str(failed[0])}


def _number(kept: dict[str, Any]) -> int:
    return int(kept["job"]["name"].rpartition("/")[2])


def _table(uri: str) -> str:
    return ".".join(uri.removeprefix("bq://").split(".")[-2:])
