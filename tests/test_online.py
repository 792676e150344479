"""Gemini asked one request at a time: google-genai, unpatched, over HTTP to the loopback server."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bqbatch.errors import ServiceError, WarehouseError
from bqbatch.patience import Patience
from bqbatch.services import Job, JobState, JobStatus, Refused, in_process
from bqbatch.services.genai_client import VertexAccount
from bqbatch.services.online import IN_FLIGHT, OnlineService
from bqbatch.session import Session
from bqbatch.warehouses import Statement
from bqbatch.warehouses.bigquery import BigQueryWarehouse
from tests.clouds import Cloud, service_account
from tests.loopback.http import Call, Refusal
from tests.loopback.online import METHOD, said

Request = dict[str, Any]
MODEL = "gemini-3.5-flash-lite"
WHOLE: Request = {
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "What is this? \x07\u202e\U0001f40b\ufffe é\\ \u2028 {}"},
                {"fileData": {"fileUri": "gs://b/a.png", "mimeType": "image/png"}, "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}},
                {"inlineData": {"data": "aGk=", "mimeType": "text/plain"}},
            ],
        },
        {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {"deep_er": {"snake_case": [1, 0.1, None]}}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"result": True}}}]},
    ],
    "systemInstruction": {"parts": [{"text": "You look."}]},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH", "method": "SEVERITY"}],
    "tools": [
        {"googleSearch": {}},
        {"functionDeclarations": [{"name": "look", "parametersJsonSchema": {"type": "object", "$defs": {"a_b": {}}}}]},
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
    "labels": {"team": "a_b-1"},
    "modelArmorConfig": {"promptTemplateName": "projects/p/locations/l/templates/t"},
    "generationConfig": {
        "temperature": 0, "maxOutputTokens": 100, "topK": 3, "seed": 9007199254740993, "candidateCount": 1,
        "stopSequences": ["\n\n"], "responseMimeType": "application/json", "responseLogprobs": True, "logprobs": 2,
        "responseSchema": {
            "type": "OBJECT", "properties": {"a_b": {"type": "STRING", "nullable": True, "enum": ["x", "y"]}},
            "required": ["a_b"], "propertyOrdering": ["a_b"],
        },
        "thinkingConfig": {"thinkingLevel": "MINIMAL", "includeThoughts": False},
        "audioTimestamp": True, "routingConfig": {"manualMode": {"modelName": "m"}},
    },
}  # fmt: skip
SNAKE: Request = {
    "contents": [{"role": "user", "parts": [{"file_data": {"file_uri": "gs://b/a.png", "mime_type": "image/png"}}]}],
    "system_instruction": {"parts": [{"text": "a"}]},
    "generation_config": {"max_output_tokens": 3, "thinking_config": {"thinking_level": "LOW"}},
    "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
}


EVERYTHING = """
{{ config(
  model = 'gemini-3.5-flash-lite', max_output_tokens = 9, thinking = 'low', labels = {'team': 'a'}, safety = 'none',
  tools = [{'googleSearch': {}}], request_extra = {'generationConfig': {'mediaResolution': 'MEDIA_RESOLUTION_LOW'}}
) }}
{% system %}You label words.{% endsystem %}
SELECT
  id * 10 + n AS key,
  n AS sample,
  {% prompt %}What is {word}? {{ file('gs://b/{word}.png', 'image/png') }}{% endprompt %} AS parts
FROM {{ seed('words.csv') }} CROSS JOIN UNNEST([1, 2]) AS n
WHERE id = 1
"""


def request(text: str, **fields: Any) -> Request:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **fields}


def text_of(body: Mapping[str, Any]) -> str:
    return str(body["contents"][0]["parts"][0]["text"])


def named(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request that was sent, but for the empty field that the client always writes."""
    return {name: value for name, value in body.items() if name != "generationConfig" or value}


@dataclass(frozen=True, slots=True)
class Asked:
    """A service, and a job with a request table that is there."""

    cloud: Cloud
    service: OnlineService
    job: Job

    @classmethod
    def about(cls, cloud: Cloud, requests: Mapping[str, Any], model: str = MODEL) -> Asked:
        lines = [json.dumps({"key": key, "request": json.dumps(value)}) for key, value in requests.items()]
        file = cloud.folder.write("requests.jsonl", "\n".join(lines))
        warehouse = cloud.vertex.bigquery.warehouse
        warehouse.load(file, "llm.texts")
        parse = "SELECT key, PARSE_JSON(request, wide_number_mode => 'round') AS request FROM llm.texts"
        warehouse.execute(Statement(f"CREATE TABLE llm.requests AS {parse}", "requests"))
        job = Job("run1", "words", 1, 1, "`proj.llm.requests`", "`proj.llm.responses`", "`proj.llm.words__answers`")
        session = Session.open(cloud.folder.root, "prod")
        return cls(cloud, session.online(model, session.warehouse()), job)

    def wait(self) -> JobStatus:
        """Where the job is when it is over."""
        self.service.submit(self.job)
        while (status := self.service.poll(self.job)).state.moving:
            time.sleep(0.01)
        return status

    def rows(self) -> dict[str, tuple[Any, str]]:
        """Response and status by key."""
        rows = self.cloud.rows("SELECT key, TO_JSON_STRING(response) AS response, status FROM llm.responses")
        return {row["key"]: (json.loads(row["response"]), row["status"]) for row in rows}

    def errors(self) -> dict[str, Any]:
        """The error by key, of requests that have one."""
        found = {}
        for key, (response, status) in self.rows().items():
            if status:
                assert response == {}
                found[key] = json.loads(status.partition(": ")[2])["error"]
        return found


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnlineService, "patience", Patience(20, 0.01, total_seconds=20))
    monkeypatch.setattr(OnlineService, "attempts", 3)
    monkeypatch.setattr(OnlineService, "poll_seconds", 0.01)


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` asks one by one what it would ask in batches: all that comes after is as it always is."""
    monkeypatch.setattr(Session, "vertex", Session.online)


# What is sent.


@pytest.mark.parametrize(
    "whole",
    [WHOLE, SNAKE, request("a"), request("a", generationConfig={}), request("a", generationConfig=None)],
    ids=["whole", "snake", "least", "empty", "null"],
)
def test_a_request_arrives_as_it_stands_and_nothing_is_said(
    cloud: Cloud, whole: Request, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = Asked.about(cloud, {"a": whole})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 1)
    assert asked.errors() == {}
    [sent] = cloud.online.asked
    snake = {"generationConfig" if name == "generation_config" else name: value for name, value in whole.items()}
    assert named(sent) == named(snake)
    assert capfd.readouterr() == ("", "")


def test_requests_of_every_kind_of_prompt_arrive_as_they_stand(cloud: Cloud, instead: None) -> None:
    cloud.folder.write("words.sql", EVERYTHING)
    cloud.run()
    assert len(cloud.online.asked) == 2
    stored = cloud.rows("SELECT TO_JSON_STRING(request) AS request FROM words__answers")
    requests = [json.loads(row["request"]) for row in stored]
    assert all(body in requests for body in cloud.online.asked)
    assert requests[0].keys() == {
        "contents",
        "systemInstruction",
        "generationConfig",
        "labels",
        "safetySettings",
        "tools",
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([1], "this request can't be sent: it is not a JSON object"),
        ("text", "this request can't be sent: it is not a JSON object"),
        (request("a", generationConfig={"topK": 1}, generation_config={}), "this request can't be sent: it has both generationConfig and generation_config"),
        (request("a", generationconfig={"topK": 1}), "this request can't be sent: google-genai would change it on the way"),
        ({}, "at least one contents field is required"),
        ({"contents": []}, "at least one contents field is required"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}, "Please use a valid role: user, model."),
        (request("a", generationConfig={"thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 1}}), "Only one of thinking_budget and thinking_level can be set."),
        (request("a", config={"temperature": 1}), "Invalid JSON payload received. GoogleCloudAiplatformV1GenerateContentRequest has no field config"),
        (request("a", generationConfig={"maxOutputTokens": "many"}), "Invalid JSON payload received. .generationConfig.maxOutputTokens is not integer: 'many'"),
        (request("a", labels={"Team": "a"}), 'Label "Team: a" is invalid.'),
    ],
)  # fmt: skip
def test_a_request_that_is_wrong_is_a_row_with_a_400_and_no_other_is(cloud: Cloud, wrong: Any, message: str) -> None:
    asked = Asked.about(cloud, {"a": wrong, "b": request("b")})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 2)
    [(key, error)] = asked.errors().items()
    assert (key, error["code"], error["status"], error["message"]) == ("a", 400, "INVALID_ARGUMENT", message)
    assert list(map(text_of, cloud.online.asked)) == ["b"]


# What comes back.


def test_a_response_is_stored_as_it_came(cloud: Cloud) -> None:
    odd = said(
        "x \x07\u202e\U0001f40b\ufffe é\\ \u2028", createTime="2026-11-22T10:00:00Z", responseId="r\u00e9",
        promptFeedback={"blockReason": "JAILBREAK", "blockReasonMessage": "no"},
    )  # fmt: skip
    odd["candidates"][0] |= {
        "avgLogprobs": -0.123456789012345,
        "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT"}],
    }
    odd["usageMetadata"] |= {"trafficType": "ON_DEMAND", "thoughtsTokenCount": 3}
    cloud.online.reply = lambda _: odd
    asked = Asked.about(cloud, {"a": request("a")})
    asked.wait()
    assert asked.rows() == {"a": (odd, "")}


def test_half_a_character_in_a_response_takes_no_other_with_it(cloud: Cloud) -> None:
    cloud.online.reply = lambda body: said("a\ud800b" if text_of(body) == "a" else "\U0001f40b")
    asked = Asked.about(cloud, {"a": request("a"), "b": request("b")})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 2)
    assert {key: text_of({"contents": [response["candidates"][0]["content"]]}) for key, (response, _) in asked.rows().items()} == {
        "a": "a\ufffdb", "b": "\U0001f40b"
    }  # fmt: skip


@pytest.mark.parametrize("sent", [b"", b"<html>", b"[1]", b'{"candidates": [NaN]}', b'{"candidates": [1e999]}'])
def test_a_reply_that_is_no_response_may_be_asked_again(cloud: Cloud, sent: bytes) -> None:
    cloud.server.sent = lambda call, data: sent if call.method == METHOD else data
    asked = Asked.about(cloud, {"a": request("a")})
    asked.wait()
    assert asked.errors() == {
        "a": {"code": 502, "message": "the reply is not a GenerateContentResponse", "status": "UNAVAILABLE"}
    }


def test_many_requests_are_asked_a_few_at_a_time_and_stored_together(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_process, "MOST_CHARACTERS", 5_000)

    def reply(body: Mapping[str, Any]) -> Any:
        time.sleep(0.01)
        return said(f"{text_of(body)} {'x' * 200}")

    cloud.online.reply = reply
    asked = Asked.about(cloud, {f"k{number:03}": request(f"{number}") for number in range(60)})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 60)
    texts = {
        key: row[0]["candidates"][0]["content"]["parts"][0]["text"].split()[0] for key, row in asked.rows().items()
    }
    assert texts == {f"k{number:03}": str(number) for number in range(60)}
    assert len(cloud.online.asked) == 60
    assert 2 <= cloud.online.most_in_flight <= IN_FLIGHT
    stored = [call for call in cloud.server.calls if "INSERT INTO" in str(call.body)]
    assert 3 <= len(stored) < 60


def test_rows_are_classified_as_those_of_a_batch_are(cloud: Cloud, instead: None) -> None:
    def reply(body: Mapping[str, Any]) -> Any:
        word = text_of(body).removeprefix("Label ")
        if word == "green":
            raise Refusal(400, "badRequest", "Unable to submit request", "INVALID_ARGUMENT")
        if word == "blue":
            raise Refusal(503, "backendError", "The service is currently unavailable.", "UNAVAILABLE")
        if word == "black":
            return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
        return said('{"label": "b"}')

    cloud.online.reply = reply
    assert cloud.run()["outcomes"] == {"ok": 2, "failed": 1, "retryable": 1, "blocked": 1, "skipped": 1}
    rows = {row["word"]: row for row in cloud.rows("SELECT word, label, _outcome, _error, _model FROM words")}
    assert (rows["red"]["label"], rows["red"]["_model"]) == ("b", MODEL)
    assert rows["green"]["_error"].startswith(
        'Bad Request: {"error": {"code": 400, "message": "Unable to submit request"'
    )
    assert rows["blue"]["_error"].startswith('Service Unavailable: {"error": {"code": 503, ')
    cloud.online.reply = lambda _: said('{"label": "a"}', modelVersion="gemini-3.5-flash-lite-002")
    assert cloud.run()["outcomes"] == {"ok": 3, "failed": 1, "blocked": 1, "skipped": 1}
    models = {row["_model"] for row in cloud.rows("SELECT _model FROM words WHERE word = 'blue'")}
    assert models == {"gemini-3.5-flash-lite-002"}


# What does not come back.


def every(answers: Iterator[Callable[[], Any]]) -> Callable[[Call], None]:
    """Before each generateContent the next of these happens."""
    lock = threading.Lock()

    def before(call: Call) -> None:
        if call.method == METHOD:
            with lock:
                happens = next(answers, lambda: None)
            happens()

    return before


def refuse(code: int, message: str = "busy", status: str = "UNAVAILABLE") -> Callable[[], Any]:
    def raised() -> None:
        raise Refusal(code, "busy", message, status)

    return raised


def expiring_after(number: int) -> Iterator[Callable[[], Any]]:
    """So many requests are answered, and then nobody is known any more."""
    expired = refuse(401, "expired", "UNAUTHENTICATED")
    return itertools.chain(itertools.repeat(lambda: None, number), itertools.repeat(expired))


@pytest.mark.parametrize("code", [429, 500, 503, 504])
def test_a_busy_service_is_asked_again(cloud: Cloud, code: int) -> None:
    cloud.server.before = every(iter([refuse(code), refuse(code)]))
    asked = Asked.about(cloud, {"a": request("a")})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 1)
    assert asked.errors() == {}
    assert len([call for call in cloud.server.calls if call.method == METHOD]) == 3


def test_where_all_is_busy_the_rows_may_be_asked_again_and_the_rest_is_not_asked(cloud: Cloud) -> None:
    cloud.rules.used_up.add(METHOD)
    asked = Asked.about(cloud, {f"k{number:02}": request("a") for number in range(30)})
    status = asked.wait()
    assert status.state == JobState.CANCELLED
    assert status.message == (
        "8 requests in a row had no answer, the last one: Resource exhausted. Please try again later. Please refer to "
        "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details. "
        "(what was answered is kept, and the rest was not asked: run again later)"
    )
    errors = asked.errors()
    assert status.done == len(errors)
    assert IN_FLIGHT <= len(errors) < 2 * IN_FLIGHT
    assert {(error["code"], error["status"]) for error in errors.values()} == {(429, "RESOURCE_EXHAUSTED")}
    asked_for = len([call for call in cloud.server.calls if call.method == METHOD])
    assert asked_for < 3 * len(errors)
    cloud.rules.used_up.clear()
    again = replace(asked.job, attempt=2)
    assert Asked(cloud, asked.service, again).wait() == JobStatus(JobState.SUCCEEDED, 30 - len(errors))


def test_an_error_that_is_no_json_is_told_all_the_same(cloud: Cloud) -> None:
    cloud.server.before = every(itertools.repeat(refuse(503)))
    cloud.server.sent = lambda call, data: b"<html>" if call.method == METHOD else data
    asked = Asked.about(cloud, {"a": request("a")})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 1)
    assert asked.errors() == {"a": {"code": 503, "message": "<html>", "status": "Service Unavailable"}}


@pytest.mark.parametrize("how", ["silent", "cut"])
def test_a_request_without_a_reply_may_be_asked_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(OnlineService, "patience", Patience(0.5, 0.01, total_seconds=0.5))
    over = threading.Event()

    def silent(body: Mapping[str, Any]) -> Any:
        if text_of(body) == "b":
            if how == "cut":
                raise ConnectionError
            over.wait(5)
        return said("{}")

    cloud.online.reply = silent
    asked = Asked.about(cloud, {key: request(key) for key in "abc"})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 3)
    over.set()
    [(key, error)] = asked.errors().items()
    assert (key, error["code"], error["status"]) == ("b", 504, "DEADLINE_EXCEEDED")
    assert error["message"].startswith("there was no reply")


@pytest.mark.parametrize(
    "message",
    ["Permission denied on gs://b/a.png: storage.objects.get", "Cannot fetch the file: it is not there"],
)
@pytest.mark.parametrize("code", [403, 404])
def test_what_is_refused_for_a_file_is_its_own_rows_trouble(cloud: Cloud, code: int, message: str) -> None:
    cloud.server.before = every(iter([refuse(code, message, "PERMISSION_DENIED")]))
    asked = Asked.about(cloud, {"a": request("a"), "b": request("b")})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 2)
    assert [(key, error["code"]) for key, error in asked.errors().items()] == [("a", code)]


# What is everybody's trouble.


def refused_to(cloud: Cloud, model: str = MODEL) -> ServiceError:
    """What is said where nothing can be answered: it is found out by one request at most."""
    asked = Asked.about(cloud, {f"k{number:02}": request("a") for number in range(30)}, model)
    with pytest.raises(ServiceError) as caught:
        asked.wait()
    assert cloud.online.asked == []
    assert len([call for call in cloud.server.calls if call.method == METHOD]) <= 3
    assert cloud.vertex.bigquery.warehouse.describe("llm.responses") is None or asked.rows() == {}
    assert asked.service.poll(asked.job).state == JobState.CANCELLED
    return caught.value


@pytest.mark.parametrize(
    ("model", "location", "hint"),
    [
        ("gemini-3.5-flash-lit", "global", "did you mean `gemini-3.5-flash-lite`?"),
        ("gemini-3.1-pro-preview", "us", "`gemini-3.1-pro-preview` is served at global: set `location` of the target"),
    ],
)
def test_a_model_that_is_not_there_is_told_with_a_hint(cloud: Cloud, model: str, location: str, hint: str) -> None:
    cloud.configure(location=location)
    error = refused_to(cloud, model)
    assert isinstance(error, Refused)
    assert error.message.startswith(f"Vertex AI has no `{model}` at `{location}`: Publisher Model ")
    assert error.hint == hint


def test_a_permission_that_is_missing_is_told_with_the_command_that_grants_it(cloud: Cloud) -> None:
    cloud.rules.denied.add("aiplatform.endpoints.predict")
    error = refused_to(cloud)
    assert "Permission 'aiplatform.endpoints.predict' denied on resource" in error.message
    assert error.hint and error.hint.endswith("--role=roles/aiplatform.user")


def test_an_api_that_is_off_is_told_with_the_command_that_turns_it_on(cloud: Cloud) -> None:
    cloud.rules.disabled.add("aiplatform")
    assert refused_to(cloud).hint == "gcloud services enable aiplatform.googleapis.com --project=proj"


def test_credentials_that_are_not_known_are_told(cloud: Cloud) -> None:
    cloud.server.before = every(itertools.repeat(refuse(401, "Request had invalid credentials.", "UNAUTHENTICATED")))
    error = refused_to(cloud)
    assert error.message == "Google Cloud does not know you: Request had invalid credentials."
    assert error.hint == "gcloud auth application-default login"


def online(cloud: Cloud, endpoint: str | None) -> Asked:
    """A job of a service with a server of one's own, or with none: with this machine's credentials."""
    asked = Asked.about(cloud, {"a": request("a")})
    account = VertexAccount("proj", "global", endpoint)
    return replace(asked, service=OnlineService(Session.open(cloud.folder.root, "prod").warehouse(), MODEL, account))


@pytest.mark.usefixtures("without_credentials")
def test_no_credentials_are_told_before_anything_is_sent(cloud: Cloud) -> None:
    asked = online(cloud, None)
    with pytest.raises(ServiceError, match="there are no Google Cloud credentials on this machine") as caught:
        asked.service.submit(asked.job)
    assert caught.value.hint == "gcloud auth application-default login"
    assert [call for call in cloud.server.calls if call.method == METHOD] == []


@pytest.mark.usefixtures("without_credentials")
@pytest.mark.parametrize("trouble", ["none", "clock", "permission"])
def test_this_machines_credentials_ask_whatever_else_the_environment_says(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    others = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(service_account(tmp_path, cloud.server.url)),
        "GOOGLE_VERTEX_BASE_URL": cloud.server.url, "GOOGLE_API_KEY": "x", "GEMINI_API_KEY": "x",
        "GOOGLE_CLOUD_LOCATION": "us-east1", "GOOGLE_CLOUD_PROJECT": "other", "GOOGLE_GENAI_USE_VERTEXAI": "false",
    }  # fmt: skip
    for name, value in others.items():
        monkeypatch.setenv(name, value)
    cloud.server.ahead = 7200 if trouble == "clock" else 0
    cloud.rules.denied |= {"aiplatform.endpoints.predict"} if trouble == "permission" else set()
    asked = online(cloud, None)
    if trouble == "none":
        assert asked.wait() == JobStatus(JobState.SUCCEEDED, 1)
        assert asked.errors() == {}
        return
    with pytest.raises(ServiceError) as caught:
        asked.wait()
    bot = '--member="serviceAccount:bot@proj.iam.gserviceaccount.com" --role=roles/aiplatform.user'
    assert ("is the clock of this machine right?" if trouble == "clock" else bot) in (caught.value.hint or "")


def test_credentials_that_end_midway_keep_what_was_answered(cloud: Cloud) -> None:
    cloud.server.before = every(expiring_after(10))
    asked = Asked.about(cloud, {f"k{number:02}": request("a") for number in range(30)})
    assert asked.wait() == JobStatus(
        JobState.CANCELLED, 10, "Google Cloud does not know you: expired (gcloud auth application-default login)"
    )
    assert len(asked.rows()) == 10
    assert asked.errors() == {}


def test_a_service_that_is_not_there_is_told(cloud: Cloud) -> None:
    asked = online(cloud, "http://127.0.0.1:9")
    with pytest.raises(ServiceError, match="Vertex AI can't be reached: ") as caught:
        asked.wait()
    assert caught.value.hint == "is there a network? run again later"


def test_a_run_says_what_mends_it(cloud: Cloud, instead: None) -> None:
    cloud.rules.denied.add("aiplatform.endpoints.predict")
    told = cloud.say("run", "words.sql")
    assert told.code == 1
    assert "roles/aiplatform.user" in told.err
    cloud.rules.denied.clear()
    assert cloud.run()["outcomes"] == {"ok": 5, "skipped": 1}
    assert len(cloud.online.asked) == 4


def test_a_tuned_model_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ServiceError, match="is a tuned model, and answers in batches only"):
        Asked.about(cloud, {"a": request("a")}, "projects/p/locations/l/models/1")


# Stopped.


def test_cancel_asks_nothing_more_and_keeps_what_was_answered(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnlineService, "grace_seconds", 1.0)
    stopped, late = threading.Event(), threading.Event()

    def reply(body: Mapping[str, Any]) -> Any:
        if text_of(body) != "k00":
            stopped.wait(5)
        if text_of(body) == "k03":
            late.wait(5)
        return said("{}")

    cloud.online.reply = reply
    asked = Asked.about(cloud, {f"k{number:02}": request(f"k{number:02}") for number in range(30)})
    asked.service.submit(asked.job)
    assert asked.service.poll(asked.job) == JobStatus(JobState.RUNNING, 1)
    while cloud.online.in_flight < IN_FLIGHT:
        time.sleep(0.01)
    threading.Timer(0.1, stopped.set).start()
    asked.service.cancel(asked.job)
    late.set()
    rows = set(asked.rows())
    assert rows == {"k00", "k01", "k02", "k04", "k05", "k06", "k07", "k08"}
    assert asked.errors() == {}
    assert asked.service.poll(asked.job).done == len(rows)
    time.sleep(0.1)
    assert asked.service.poll(asked.job).state == JobState.CANCELLED
    assert set(asked.rows()) == rows


def test_a_job_of_another_process_is_cancelled_and_goes_on_with_what_has_no_answer(cloud: Cloud) -> None:
    cloud.server.before = every(expiring_after(3))
    asked = Asked.about(cloud, {f"k{number}": request("a") for number in range(9)})
    asked.wait()
    session = Session.open(cloud.folder.root, "prod")
    other = Asked(cloud, session.online(MODEL, session.warehouse()), asked.job)
    assert other.service.poll(asked.job) == JobStatus(JobState.CANCELLED)
    assert other.service.find(asked.job) == asked.job.name
    assert other.service.collect(asked.job) == asked.job.responses
    cloud.server.before = lambda _: None
    assert other.wait() == JobStatus(JobState.SUCCEEDED, 6)
    assert len(asked.rows()) == len(cloud.online.asked) == 9


def test_an_insert_that_was_done_and_not_heard_of_stores_no_answer_twice(cloud: Cloud) -> None:
    lost = iter([True])

    def lose(call: Call) -> None:
        if "INSERT INTO" in str(call.body) and next(lost, False):
            raise ConnectionError

    cloud.server.after = lose
    asked = Asked.about(cloud, {f"k{number:02}": request("a") for number in range(20)})
    assert asked.wait() == JobStatus(JobState.SUCCEEDED, 20)
    assert cloud.rows("SELECT COUNT(*) AS n FROM llm.responses")[0]["n"] == 20


def test_answers_whose_storing_was_given_up_and_done_all_the_same_are_stored_once(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BigQueryWarehouse, "patience", Patience(300.0, 0.05, total_seconds=0.3))
    broken, gate = threading.Event(), threading.Event()

    def lose(call: Call) -> None:
        if broken.is_set() and ("INSERT INTO" in str(call.body) or call.method == "bigquery.jobs.get"):
            raise ConnectionError

    def reply(body: Mapping[str, Any]) -> Any:
        assert text_of(body) == "k00" or gate.wait(5)
        return said("{}")

    cloud.server.after, cloud.online.reply = lose, reply
    asked = Asked.about(cloud, {f"k{number:02}": request(f"k{number:02}") for number in range(20)})
    broken.set()
    asked.service.submit(asked.job)
    with pytest.raises(WarehouseError):
        asked.service.poll(asked.job)
    assert len(asked.rows()) == 1
    gate.set()
    while asked.service._works[asked.job.name].going:  # what is stored next is more than what was
        time.sleep(0.01)
    broken.clear()
    assert asked.service.poll(asked.job) == JobStatus(JobState.SUCCEEDED, 20)
    assert cloud.rows("SELECT COUNT(*) AS n FROM llm.responses")[0]["n"] == 20


@pytest.mark.parametrize("answered", [0, 1])
def test_ctrl_c_brings_home_what_was_answered(
    cloud: Cloud, instead: None, monkeypatch: pytest.MonkeyPatch, answered: int
) -> None:
    monkeypatch.setattr(OnlineService, "grace_seconds", 0.2)
    stop, over = iter([True]), threading.Event()

    def reply(body: Mapping[str, Any]) -> Any:
        if len(cloud.online.asked) == answered and not over.is_set():
            if next(stop, False):
                os.kill(os.getpid(), signal.SIGINT)
            over.wait(2)
        return said('{"label": "a"}')

    cloud.online.reply = reply
    assert cloud.say("run", "words.sql").code == 130
    over.set()
    outcomes = [row["outcome"] for row in cloud.rows("SELECT outcome FROM words__answers")]
    assert outcomes == ["ok"] * answered


def test_ctrl_c_ends_a_process_soon_and_quietly(cloud: Cloud) -> None:
    asked = Asked.about(cloud, {f"k{number:02}": request(f"k{number:02}") for number in range(30)})
    over = threading.Event()

    def reply(body: Mapping[str, Any]) -> Any:
        if text_of(body) != "k00":
            over.wait(20)
        return said("{}")

    cloud.online.reply = reply
    script = f"""
import sys, time
from decimal import Decimal
from pathlib import Path
from bqbatch.services import Job, Span
from bqbatch.session import Session
session = Session.open(Path({str(cloud.folder.root)!r}), "prod")
service, job = session.online({MODEL!r}, session.warehouse()), {asked.job!r}
service.grace_seconds = 0.1
try:
    service.submit(job)
    while service.poll(job).state.moving:
        time.sleep(0.01)
except KeyboardInterrupt:
    service.cancel(job)
    sys.exit(130)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while cloud.online.in_flight < IN_FLIGHT and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=10)
    over.set()
    assert (process.returncode, *told) == (130, b"", b"")
    assert list(asked.rows()) == ["k00"]
