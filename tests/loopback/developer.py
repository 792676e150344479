"""The Gemini Developer API as its client uses it: keys, models and batches over files; `simulated` answers, as for Vertex AI.

Sources: https://ai.google.dev/gemini-api/docs/batch-api and https://ai.google.dev/api/batch-api (the form of a batch, its
states, 48 hours and then no results), https://ai.google.dev/gemini-api/docs/rate-limits (100 batches, tokens enqueued for a
model), googleapis/python-genai#1901 and langchain4j#3942 for the words of 429, which name no limit.

Assumed without a source: that a line that is no request with a key fails the whole batch; that the results of a cancelled
or failed batch, where there are any, stand beside its error; that a batch goes from one state to the next by one step a look;
that a listing has the newest first, and lags by whole looks; that a batch which is deleted is never answered.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.loopback.files import Files, Stored, invalid, page, written
from tests.loopback.http import DEVELOPER, Answer, Call, Refusal
from tests.loopback.lines import Lines, read, tokens_of

MOST_JOBS = 100
LIFE = dt.timedelta(hours=48)
MOVING = ("BATCH_STATE_PENDING", "BATCH_STATE_RUNNING")
_MADE_OF = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"
_EXCEEDED = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: "
    "https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit. "
)


@dataclass
class Batch:
    """A batch, whose it is, and what its file asked: `moves` counts the looks at it."""

    number: int
    resource: dict[str, Any]
    owner: str
    content: bytes
    tokens: int
    unlisted: int
    listed: float
    moves: int = 0
    error: dict[str, Any] | None = None

    @property
    def moving(self) -> bool:
        return self.resource["state"] in MOVING


@dataclass
class Developer(Lines):
    """The models and batches of all who have a key: `keys` has whose each is, `models` how many tokens may be enqueued for each.

    `states` are what a batch goes through; the one of number `sits` never moves, that of number `expires` is over at the
    first look, that of number `fails` ends FAILED, with so many answers as `answers_of_failed`; a cancelled one has all its
    answers, or none. `lag` is how many listings a new batch is missing from, `lag_seconds` for how long.
    """

    api = DEVELOPER

    keys: dict[str, str] = field(default_factory=lambda: {"a-key": "me", "other-key": "somebody else"})
    models: dict[str, int] = field(
        default_factory=lambda: {"gemini-3.5-flash-lite": 10_000_000, "gemini-3.1-pro-preview": 5_000_000}
    )
    most_jobs: int = MOST_JOBS
    states: tuple[str, ...] = (*MOVING, "BATCH_STATE_SUCCEEDED")
    sits: int = 0
    expires: int = 0
    fails: int = 0
    answers_of_failed: int = 0
    answers_when_cancelled: bool = True
    lag: int = 0
    lag_seconds: float = 0.0
    most_in_flight: int = 0
    batches: dict[str, Batch] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.files = Files(self.owner)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        answers: dict[str, Answer] = {
            "models.get": lambda call: self._model(self._named(call)),
            "models.list": self.list_models,
            "models.batchGenerateContent": self.create,
            "batches.get": self.get,
            "batches.list": self.listed,
            "batches.cancel": self.cancel,
            "batches.delete": self.delete,
        }
        named = {f"generativelanguage.{name}": answer for name, answer in answers.items()}
        return {**named, **self.files.answers}

    def owner(self, call: Call) -> str:
        """Whose the key of a call is. Raises Refusal where it has none, or one that nobody has."""
        key = call.headers.get("x-goog-api-key")
        if not key:
            words = "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."
            raise Refusal(403, "forbidden", words, "PERMISSION_DENIED")
        if key not in self.keys:
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
                    "metadata": {"service": "generativelanguage.googleapis.com"}}  # fmt: skip
            words = "API key not valid. Please pass a valid API key."
            raise Refusal(400, "badRequest", words, "INVALID_ARGUMENT", [info])
        return self.keys[key]

    # Models.

    def admit(self, call: Call) -> str:
        """The model that a call asks. Raises Refusal where it is not there, or the caller's key is not."""
        self.owner(call)
        return self._named(call)

    def _named(self, call: Call) -> str:
        self.owner(call)
        model, _, verb = call.path.rpartition("/")[2].partition(":")
        if model not in self.models:
            words = f"models/{model} is not found for API version v1beta, or is not supported for {verb or 'getModel'}."
            words += " Call ListModels to see the list of available models and their supported methods."
            raise Refusal(404, "notFound", words, "NOT_FOUND")
        return model

    def list_models(self, call: Call) -> Any:
        self.owner(call)
        found, more = page(call, [self._model(model) for model in self.models], 50)
        return {"models": found, **more}

    def _model(self, model: str) -> dict[str, Any]:
        methods = ["generateContent", "countTokens", "batchGenerateContent"]
        return {"name": f"models/{model}", "version": "001", "displayName": model, "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 65_536, "supportedGenerationMethods": methods}  # fmt: skip

    # Batches.

    def create(self, call: Call) -> Any:
        owner, model, asked = self.owner(call), self._named(call), call.body["batch"]
        if not asked.get("displayName"):
            raise invalid("* BatchGenerateContentRequest.batch.display_name: must be specified\n")
        name = asked.get("inputConfig", {}).get("fileName", "")
        content = self._input(call, name).content
        tokens = sum(map(tokens_of, content.splitlines()))
        moving = [batch for batch in self.batches.values() if batch.moving and batch.owner == owner]
        enqueued = sum(batch.tokens for batch in moving if batch.resource["model"] == f"models/{model}")
        if len(moving) >= self.most_jobs or enqueued + tokens > self.models[model]:
            link = {
                "description": "Learn more about Gemini API quotas",
                "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
            }
            told = {"@type": "type.googleapis.com/google.rpc.Help", "links": [link]}
            raise Refusal(429, "rateLimitExceeded", _EXCEEDED, "RESOURCE_EXHAUSTED", [told])
        number, now = next(self._numbers), written(self.files.now())
        name = f"batches/{hashlib.sha256(str(number).encode()).hexdigest()[:36]}"
        count = str(len(content.splitlines()))
        resource = {
            "model": f"models/{model}", "displayName": asked["displayName"], "inputConfig": asked["inputConfig"], "name": name,
            "createTime": now, "updateTime": now, "state": self.states[0], "priority": asked.get("priority", "0"),
            "batchStats": {"requestCount": count, "pendingRequestCount": count},
        }  # fmt: skip
        listed = time.monotonic() + self.lag_seconds
        batch = self.batches[name] = Batch(number, resource, owner, content, tokens, self.lag, listed)
        self.most_in_flight = max(self.most_in_flight, len(moving) + 1)
        return _operation(batch)

    def _input(self, call: Call, name: str) -> Stored:
        if not name:
            raise invalid(
                "* BatchGenerateContentRequest.batch.input_config: no file, and batches inline are not taken here\n"
            )
        return self.files.find(call, name.removeprefix("files/"))

    def get(self, call: Call) -> Any:
        batch = self._kept(call)
        age = self.files.now() - dt.datetime.fromisoformat(batch.resource["createTime"])
        if batch.moving and (age > LIFE or batch.number == self.expires):
            self._end(call, batch, "BATCH_STATE_EXPIRED")
        elif batch.moving and batch.number != self.sits:
            batch.moves += 1
            state = self.states[min(batch.moves, len(self.states) - 1)]
            self._end(call, batch, state) if state not in MOVING else batch.resource.update(state=state)
        return _operation(batch)

    def listed(self, call: Call) -> Any:
        owner, found = self.owner(call), []
        for batch in reversed(self.batches.values()):
            batch.unlisted -= 1
            if batch.owner == owner and batch.unlisted < 0 and batch.listed <= time.monotonic():
                found.append(_operation(batch))
        some, more = page(call, found, 50)
        return {"operations": some, **more}

    def cancel(self, call: Call) -> Any:
        batch = self._kept(call)
        if batch.moving:
            self._end(call, batch, "BATCH_STATE_CANCELLED")
        return {}

    def delete(self, call: Call) -> Any:
        del self.batches[self._kept(call).resource["name"]]
        return {}

    def _kept(self, call: Call) -> Batch:
        owner, name = self.owner(call), f"batches/{call.path.rpartition('/')[2].partition(':')[0]}"
        batch = self.batches.get(name)
        if batch is None or batch.owner != owner:
            raise Refusal(404, "notFound", "Requested entity was not found.", "NOT_FOUND")
        return batch

    # Answers.

    def _end(self, call: Call, batch: Batch, state: str) -> None:
        """Brings a batch to its end, with the results that it has then."""
        most = len(batch.content)
        if batch.number == self.fails and state == "BATCH_STATE_SUCCEEDED":
            state, most = "BATCH_STATE_FAILED", self.answers_of_failed
        batch.error = {
            "BATCH_STATE_FAILED": {"code": 13, "message": "An internal error has occurred."},
            "BATCH_STATE_CANCELLED": {"code": 1, "message": "The operation was cancelled."},
            "BATCH_STATE_EXPIRED": {"code": 4, "message": "The batch was not done within 48 hours."},
        }.get(state)
        lines, now = list(map(read, batch.content.splitlines())), written(self.files.now())
        if None in lines and state == "BATCH_STATE_SUCCEEDED":
            state, number = "BATCH_STATE_FAILED", lines.index(None) + 1
            batch.error = {"code": 3, "message": f"Line {number} of the file is not a request with a key."}
        batch.resource |= {"state": state, "endTime": now, "updateTime": now}
        if None in lines or state == "BATCH_STATE_EXPIRED" or not most:
            return
        if state == "BATCH_STATE_CANCELLED" and not self.answers_when_cancelled:
            return
        model = batch.resource["model"].removeprefix("models/")
        self._keep(call, batch, self.told(sorted(filter(None, lines), key=lambda line: line[0])[:most], model))

    def _keep(self, call: Call, batch: Batch, told: list[dict[str, Any]]) -> None:
        """Keeps the results as a file, and counts them."""
        name = f"files/batch-{batch.resource['name'].removeprefix('batches/')}"
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in told).encode()
        self.files.store(call, batch.owner, {"name": name, "mimeType": "application/json"}, content, "GENERATED")
        failed, whole = sum("error" in line for line in told), int(batch.resource["batchStats"]["requestCount"])
        stats = {"requestCount": whole, "successfulRequestCount": len(told) - failed, "failedRequestCount": failed}
        stats["pendingRequestCount"] = max(0, whole - len(told))
        batch.resource["batchStats"] = {name: str(number) for name, number in stats.items() if number}
        batch.resource["output"] = {"responsesFile": name}


def _operation(batch: Batch) -> dict[str, Any]:
    """A batch as the API gives it: as an operation."""
    operation = {"name": batch.resource["name"], "metadata": {"@type": _MADE_OF, **batch.resource}}
    if batch.moving:
        return operation
    output = batch.resource.get("output", {})
    ended = {"error": batch.error} if batch.error else {"response": {"@type": f"{_MADE_OF}Output", **output}}
    return {**operation, "done": True, **ended}
