"""Vertex AI batch prediction as bqbatch's client uses it, over the loopback BigQuery; `simulated` answers.

Assumed without a source: the codes and words of what is refused, but for those of models and tokens, which users report;
that an output table that exists is refused (the docs conflict); that a dataset may be in any location for a job at
`global`, in US for one at us, and in EU for one at eu; that a job goes from PENDING to RUNNING to its end by one step a
look; that a listing lags by whole looks.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bqbatch.prompt.output import OutputColumn
from bqbatch.services import Job
from bqbatch.services.simulated import Faults, answer
from bqbatch.warehouses import Column, Statement
from tests.loopback.bigquery import BigQuery
from tests.loopback.http import VERTEX, Answer, Call, Refusal
from tests.loopback.rules import check_labels

MOST_REQUESTS = 200_000
RESERVED = {"response", "status", "processed_time"}
NOT_PASSED = ("ARRAY", "STRUCT", "RANGE", "DATETIME", "GEOGRAPHY")
TOO_LONG = (
    'Bad Request: {"error": {"code": 400, "message": "The input token count exceeds the maximum number of tokens allowed '
    '(1048576).", "status": "INVALID_ARGUMENT"}}'
)
MOVING = ("JOB_STATE_QUEUED", "JOB_STATE_PENDING", "JOB_STATE_RUNNING")


@dataclass
class Vertex:
    """The jobs of one project. `models` has the locations of each that is served, tuned ones by their whole name.

    `lag` is how many listings a new job is missing from, `lag_seconds` for how long; `states` what a job goes through; with
    `gives_text` a response is a STRING. The job of number `sits` never moves, that of number `fails` ends FAILED with so many
    answers as `answers_of_failed`; a cancelled one has all its answers, or none. A request that is longer than
    `most_characters` is refused in its row. Of what was answered, only the rows that meet `written`, a condition over
    `key`, are in the response table, and one for each key of `made_up`.
    """

    api = VERTEX

    bigquery: BigQuery
    output: tuple[OutputColumn, ...] = ()
    faults: Faults = ()
    models: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"gemini-3.5-flash-lite": ("global", "us", "eu"), "gemini-3.1-pro-preview": ("global",)}
    )
    most_requests: int = MOST_REQUESTS
    most_characters: int = 4 * 1_048_576
    written: str = "TRUE"
    made_up: tuple[str, ...] = ()
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
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    asked: list[str] = field(default_factory=list)
    """The key of every request that was sent to the model, in order."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        jobs = "aiplatform.projects.locations.batchPredictionJobs"
        answers = {
            "create": self.create,
            "get": self.get,
            "list": self.list,
            "cancel": self.cancel,
            "delete": self.delete,
        }
        return {f"{jobs}.{verb}": self._checked(verb, answer) for verb, answer in answers.items()}

    def _checked(self, verb: str, answer: Answer) -> Answer:
        def answer_checked(call: Call) -> Any:
            rules, parts = self.bigquery.rules, call.path.split("/")
            rules.check_call(call.method, parts[3], self.bigquery.project)
            rules.need_resource(f"aiplatform.batchPredictionJobs.{verb}", "/".join(parts[2:6]))
            return answer(call)

        return answer_checked

    def create(self, call: Call) -> Any:
        body = call.body
        parent = call.path.removeprefix("/v1/").removesuffix("/batchPredictionJobs")
        location = parent.rpartition("/")[2]
        check_labels(body.get("labels", {}))
        self.check_model(parent, body["model"])
        source = _table(body["inputConfig"]["bigquerySource"]["inputUri"])
        target = _table(body["outputConfig"]["bigqueryDestination"]["outputUri"])
        self._check(source, target, location)
        name = f"{parent}/batchPredictionJobs/{next(self._numbers)}"
        now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
        job = {**body, "name": name, "state": self.states[0], "createTime": now, "updateTime": now}
        listed = time.monotonic() + self.lag_seconds
        self.jobs[name] = {
            "job": job, "looks": 0, "unlisted": self.lag, "listed": listed, "source": source, "target": target,
        }  # fmt: skip
        moving = [kept for kept in self.jobs.values() if kept["job"]["state"] in MOVING]
        self.most_in_flight = max(self.most_in_flight, len(moving))
        return job

    def admit(self, call: Call) -> str:
        """The model that a call of generateContent asks. Raises Refusal where it is not for the caller, or used up."""
        rules, (parent, model) = self.bigquery.rules, _model_of(call.path)
        if call.method in rules.used_up:
            words = "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details."
            raise Refusal(429, "rateLimitExceeded", words, "RESOURCE_EXHAUSTED")
        rules.check_call(call.method, parent.split("/")[1], self.bigquery.project)
        rules.need_resource("aiplatform.endpoints.predict", f"{parent}/{model}")
        self.check_model(parent, model)
        return model

    def check_model(self, parent: str, model: str) -> None:
        """Refuses a model that is not served at a location; `parent` is `projects/p/locations/l`."""
        if parent.rpartition("/")[2] not in self.models.get(model.removeprefix("publishers/google/models/"), ()):
            words = f"Publisher Model `{parent}/{model}` was not found or your project does not have access to it."
            raise Refusal(404, "notFound", f"{words} Please ensure you are using a valid model version.", "NOT_FOUND")

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

    def _check(self, source: str, target: str, location: str) -> None:
        warehouse = self.bigquery.warehouse
        for dataset in (source.partition(".")[0], target.partition(".")[0]):
            there = self.bigquery.datasets.get(dataset)
            if there is None:
                raise Refusal(400, "invalid", f"BigQuery dataset {dataset} was not found.", "INVALID_ARGUMENT")
            if location not in ("global", there.lower()):
                words = f"BigQuery dataset {dataset} is in location {there}, the job is in {location}."
                raise Refusal(400, "failedPrecondition", words, "FAILED_PRECONDITION")
        table = warehouse.describe(f"`{source}`")
        if table is None:
            raise Refusal(400, "invalid", f"The BigQuery table {source} was not found.", "INVALID_ARGUMENT")
        names = {column.name: column.type for column in table.columns}
        if names.get("request") not in ("JSON", "STRING"):
            raise Refusal(400, "invalid", "The input table has no column `request`.", "INVALID_ARGUMENT")
        if wrong := RESERVED & set(names) or {name for name, kind in names.items() if kind.startswith(NOT_PASSED)}:
            raise Refusal(
                400, "invalid", f"The input table has columns that can't be passed: {wrong}", "INVALID_ARGUMENT"
            )
        rows = warehouse.read(f"SELECT COUNT(*) AS n FROM `{source}`").rows[0][0]
        if rows > self.most_requests:
            raise Refusal(
                400, "invalid", f"The input has {rows} requests, more than {self.most_requests}.", "INVALID_ARGUMENT"
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
        response = f"PARSE_JSON({said_by(version)}, wide_number_mode => 'round')"
        response = f"TO_JSON_STRING({response})" if self.gives_text else response
        long = f"LENGTH(TO_JSON_STRING(q.request)) > {self.most_characters}"
        empty = "'{}'" if self.gives_text else "JSON '{}'"
        written = self.written.replace("key", "q.key")
        joined = (
            f"SELECT q.key, q.request, IF({long}, {empty}, {response}) AS response, "
            f"IF({long}, '{TOO_LONG}', r.status) AS status, r.processed_time "
            f"FROM `{source}` AS q JOIN {made} AS r ON r.key = q.key WHERE q.key IN ({first}) AND {written}"
        )
        for key in self.made_up:
            joined += f"\nUNION ALL (SELECT '{key}', q.request, {response}, r.status, r.processed_time FROM `{source}` AS q JOIN {made} AS r ON r.key = q.key LIMIT 1)"
        warehouse.execute(Statement(f"CREATE TABLE `{target}` AS\n{joined}", f"vertex_{number}"))
        self.bigquery.tables.made(target)
        warehouse.execute(Statement(f"DROP TABLE IF EXISTS {made}", f"vertex_{number}_drop"))
        body["outputInfo"] = {
            "bigqueryOutputDataset": f"bq://{self.bigquery.project}.{dataset}", "bigqueryOutputTable": target.partition(".")[2]
        }  # fmt: skip
        failed = warehouse.read(f"SELECT COUNTIF(status != '') AS n, COUNT(*) AS whole FROM `{target}`").rows[0]
        body["completionStats"] = {"successfulCount": str(failed[1] - failed[0]), "failedCount": str(failed[0])}


def said_by(version: str) -> str:
    """SQL for the text of `r.response`, a made-up response, with the model that it says it is of."""
    return f"""REPLACE(TO_JSON_STRING(r.response), '"simulated","responseId"', '"{version}","responseId"')"""


def _model_of(path: str) -> tuple[str, str]:
    """`projects/p/locations/l` and `publishers/google/models/m`."""
    parent, _, model = path.removeprefix("/v1/").removesuffix(":generateContent").partition("/publishers/")
    return parent, f"publishers/{model}"


def _number(kept: dict[str, Any]) -> int:
    return int(kept["job"]["name"].rpartition("/")[2])


def _table(uri: str) -> str:
    return ".".join(uri.removeprefix("bq://").split(".")[-2:])
