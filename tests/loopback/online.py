"""generateContent, of Vertex AI or of the Developer API: one request, one answer, which is what a test says.

Sources of the rules: docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking (a level and a budget together,
or a level for 2.5, are errors), and errors that users report, for the words of 404, 429 and of roles. Assumed without a
source: the words for thinking, for contents that are missing and for `gs://`, and that the rules for thinking are the
Developer API's too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.loopback import discovery
from tests.loopback.http import DEVELOPER, VERTEX, Answer, Call, Refusal
from tests.loopback.rules import check_labels

METHOD = "aiplatform.projects.locations.publishers.models.generateContent"
_REQUEST = {VERTEX: "GoogleCloudAiplatformV1GenerateContentRequest", DEVELOPER: "GenerateContentRequest"}


class Models(Protocol):
    """A service with models that can be asked; `api` is the name of its discovery document."""

    api: str

    def admit(self, call: Call) -> str:
        """The name of the model that a call asks. Raises Refusal where it is not for the caller."""


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
    """The models of a service, asked one by one. `asked` has every request that was answered, as it came."""

    models: Models
    reply: Callable[[Mapping[str, Any]], Any] = lambda _: said('{"label": "a"}')
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        return {METHOD if self.models.api == VERTEX else "generativelanguage.models.generateContent": self.generate}

    def generate(self, call: Call) -> Any:
        model = self.models.admit(call)
        check_request(self.models.api, call.body, model)
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


def check_request(api: str, body: Mapping[str, Any], model: str) -> None:
    """Refuses a request that the documents allow and Google does not."""
    request = discovery.in_camel_case(api, _REQUEST[api], body)
    if not request.get("contents"):
        raise _wrong("at least one contents field is required")
    for content in request["contents"]:
        if content.get("role", "user" if api == DEVELOPER else None) not in ("user", "model"):
            raise _wrong("Please use a valid role: user, model.")
        for uri in [part["fileData"].get("fileUri", "") for part in content.get("parts", []) if "fileData" in part]:
            if api == DEVELOPER and uri.startswith("gs://"):
                raise _wrong(f"Unsupported file uri: {uri}")
    check_labels(request.get("labels", {}))
    thinking = (request.get("generationConfig") or {}).get("thinkingConfig", {})
    if {"thinkingLevel", "thinkingBudget"} <= thinking.keys():
        raise _wrong("Only one of thinking_budget and thinking_level can be set.")
    if "thinkingLevel" in thinking and "gemini-2.5" in model:
        raise _wrong("Thinking level is not supported for this model.")


def _wrong(words: str) -> Refusal:
    return Refusal(400, "badRequest", words, "INVALID_ARGUMENT")
