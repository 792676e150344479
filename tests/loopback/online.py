"""Vertex AI's generateContent: one request, one answer, which is what a test says.

Sources of the rules: docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking (a level and a budget together,
or a level for 2.5, are errors), and errors that users report, for the words of 404, 429 and of roles. Assumed without a
source: the words for thinking and for contents that are missing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import discovery
from tests.loopback.http import Answer, Call, Refusal
from tests.loopback.rules import check_labels
from tests.loopback.vertex import Vertex

METHOD = "aiplatform.projects.locations.publishers.models.generateContent"
_REQUEST = "GoogleCloudAiplatformV1GenerateContentRequest"


def said(text: str, **fields: Any) -> dict[str, Any]:
    """A response with one candidate that says this."""
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 5, "totalTokenCount": 17},
        "modelVersion": "gemini-3.5-flash-lite",
        "responseId": "r1",
        **fields,
    }


@dataclass
class Online:
    """The models of a project, asked one by one. `asked` has every request that was answered, as it came."""

    vertex: Vertex
    reply: Callable[[Mapping[str, Any]], Any] = lambda _: said('{"label": "a"}')
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        return {METHOD: self.generate}

    def generate(self, call: Call) -> Any:
        rules, (parent, model) = self.vertex.bigquery.rules, _model_of(call.path)
        if call.method in rules.used_up:
            words = "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details."
            raise Refusal(429, "rateLimitExceeded", words, "RESOURCE_EXHAUSTED")
        rules.check_call(call.method, parent.split("/")[1], self.vertex.bigquery.project)
        rules.need_resource("aiplatform.endpoints.predict", f"{parent}/{model}")
        self.vertex.check_model(parent, model)
        _check(discovery.in_camel_case("aiplatform.v1", _REQUEST, call.body), model)
        with self._lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            response = self.reply(call.body)
            self.asked.append(call.body)
            return response
        finally:
            with self._lock:
                self.in_flight -= 1


def _model_of(path: str) -> tuple[str, str]:
    """`projects/p/locations/l` and `publishers/google/models/m`."""
    parent, _, model = path.removeprefix("/v1/").removesuffix(":generateContent").partition("/publishers/")
    return parent, f"publishers/{model}"


def _check(request: Mapping[str, Any], model: str) -> None:
    """Refuses a request that the documents allow and Google does not."""
    if not request.get("contents"):
        raise _wrong("at least one contents field is required")
    for content in request["contents"]:
        if content.get("role") not in ("user", "model"):
            raise _wrong("Please use a valid role: user, model.")
    check_labels(request.get("labels", {}))
    thinking = (request.get("generationConfig") or {}).get("thinkingConfig", {})
    if {"thinkingLevel", "thinkingBudget"} <= thinking.keys():
        raise _wrong("Only one of thinking_budget and thinking_level can be set.")
    if "thinkingLevel" in thinking and "gemini-2.5" in model:
        raise _wrong("Thinking level is not supported for this model.")


def _wrong(words: str) -> Refusal:
    return Refusal(400, "badRequest", words, "INVALID_ARGUMENT")
