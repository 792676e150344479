"""Batches of the Developer API over the wire: google-genai, unpatched, and what each rule of the server says."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from bqbatch.services.simulated import parse_faults
from bqbatch.warehouses import Statement
from tests.loopback.bigquery import BigQuery
from tests.loopback.vertex import MOST_REQUESTS, Vertex
from tests.wires import KEYS, MODEL, Line, Wire, lines, refused, request


@pytest.mark.parametrize("faults", ["", "429:30%,truncated:30%,bad_json:30%"])
def test_a_request_has_the_answer_that_vertex_ai_has(faults: str, wire: Wire, tmp_path: Path) -> None:
    sent = [request(f"Label {word}") for word in ("red", "green", "blue", "white")]
    wire.developer.faults, wire.developer.http_codes = parse_faults(faults), True
    results = wire.results(wire.create(*sent))
    (tmp_path / "google").mkdir()
    vertex = Vertex(BigQuery(tmp_path / "google", "proj"), wire.developer.output, wire.developer.faults)
    rows = " UNION ALL ".join(
        f"SELECT '{key}' AS key, PARSE_JSON('{json.dumps(one)}') AS request"
        for key, one in zip(KEYS, sent, strict=True)
    )
    warehouse = vertex.bigquery.warehouse
    warehouse.execute(
        Statement("CREATE TABLE `llm.words__answers` (request_hash STRING)", "answers"),
        Statement(f"CREATE TABLE `llm.requests` AS {rows}", "requests"),
    )
    job = {
        "name": "batchPredictionJobs/1",
        "model": f"publishers/google/models/{MODEL}",
        "labels": {"bqbatch_prompt": "words"},
    }
    vertex._answer({"source": "llm.requests", "target": "llm.responses", "job": job}, MOST_REQUESTS)
    for key, response, status in warehouse.read(
        "SELECT key, TO_JSON_STRING(response), status FROM `llm.responses`"
    ).rows:
        if status:
            error = json.loads(status[status.index("{") :])["error"]
            assert results[key] == {"error": {"code": error["code"], "message": error["message"]}}
        else:
            assert results[key] == {"response": json.loads(response)}
    assert len(vertex.asked) == len(results) == 4


def test_a_batch_needs_a_name_and_a_file(wire: Wire) -> None:
    for sent in ({"inputConfig": {"fileName": "files/x"}}, {"displayName": "x"}):
        address = f"{wire.server.url}/v1beta/models/{MODEL}:batchGenerateContent"
        told = httpx.post(address, json={"batch": sent}, headers={"x-goog-api-key": "a-key"})
        assert told.status_code == 400


def test_so_many_batches_and_so_many_tokens_may_be_under_way(wire: Wire) -> None:
    wire.developer.most_jobs, wire.developer.models[MODEL] = 2, 30
    first = wire.create(request("x" * 60))
    code, words = refused(lambda: wire.create(request("x" * 64)))
    assert (code, words[:31]) == (429, "You exceeded your current quota")
    wire.create(request("x" * 64), model="gemini-3.1-pro-preview")
    assert refused(lambda: wire.create(request("x")))[0] == 429
    wire.client().batches.cancel(name=first)
    wire.create(request("x" * 64))
    assert wire.developer.most_in_flight == 2


def test_batches_are_listed_by_pages_the_newest_first_and_come_to_light_late(wire: Wire) -> None:
    wire.developer.lag = 1
    made = [wire.create(request()) for _ in range(5)]
    client = wire.client()
    assert list(client.batches.list()) == []
    assert [batch.name for batch in client.batches.list(config={"page_size": 2})] == made[::-1]
    assert list(wire.client("other-key").batches.list()) == []
    assert refused(lambda: wire.client("other-key").batches.get(name=made[0]))[0] == 404
    assert refused(lambda: client.batches.get(name="batches/none"))[0] == 404


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"labels": {"team": "a"}}, "labels"),
        (
            {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF", "method": "SEVERITY"}]},
            "method",
        ),
        ({"generationConfig": {"audioTimestamp": True}}, "audioTimestamp"),
        ({"generationConfig": {"routingConfig": {}}}, "routingConfig"),
        (
            {"generationConfig": {"responseSchema": {"type": "OBJECT", "additionalProperties": False}}},
            "additionalProperties",
        ),
        ({"tools": [{"enterpriseWebSearch": {}}]}, "enterpriseWebSearch"),
        ({"modelArmorConfig": {}}, "modelArmorConfig"),
        ({"thinking_config": {}}, "thinking_config"),
        ({"contents": []}, "contents"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}, "valid role"),
        ({"contents": [{"parts": [{"fileData": {"fileUri": "gs://b/a.png"}}]}]}, "gs://b/a.png"),
        ({"contents": [{"parts": [{"inlineData": {"data": "aGk=", "displayName": "x"}}]}]}, "displayName"),
    ],
)
def test_a_line_that_vertex_ai_would_take_has_an_error_that_names_the_field(
    fields: Line, named: str, wire: Wire
) -> None:
    results = wire.results(wire.create(request(), {**request(), **fields}))
    assert "response" in results[KEYS[0]]
    assert results[KEYS[1]]["error"]["code"] == 3
    assert named in results[KEYS[1]]["error"]["message"]
    assert wire.reply["metadata"]["batchStats"] == {
        "requestCount": "2", "successfulRequestCount": "1", "failedRequestCount": "1",
    }  # fmt: skip
    assert wire.developer.asked == KEYS[:1]


def test_a_request_needs_no_role_and_may_be_in_snake_case(wire: Wire) -> None:
    sent = {"contents": [{"parts": [{"text": "a"}]}], "system_instruction": {"parts": [{"text": "b"}]}}
    assert "response" in wire.results(wire.create(sent))[KEYS[0]]


@pytest.mark.parametrize(("http_codes", "code"), [(False, 8), (True, 429)])
def test_errors_have_the_numbers_of_one_kind_or_the_other(http_codes: bool, code: int, wire: Wire) -> None:
    wire.developer.faults, wire.developer.http_codes = parse_faults("429:100%"), http_codes
    assert wire.results(wire.create(request()))[KEYS[0]]["error"]["code"] == code


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"request": {}}', b'{"key": "a", "request": "b"}', b'{"key": "\xff"}'])
def test_a_line_that_is_no_request_fails_the_batch(line: bytes, wire: Wire) -> None:
    file = wire.upload(lines(request()) + line + b"\n")
    made = wire.client().batches.create(model=MODEL, src=file, config={"display_name": "x"})
    told = wire.look(made.name or "")
    assert (told["metadata"]["state"], "Line 2" in told["error"]["message"]) == ("BATCH_STATE_FAILED", True)
    assert "output" not in told["metadata"]


@pytest.mark.parametrize("answered", [0, 1])
def test_a_batch_that_fails_says_why_and_has_what_was_answered(answered: int, wire: Wire) -> None:
    wire.developer.fails, wire.developer.answers_of_failed = 1, answered
    name = wire.create(request(), request())
    told = wire.look(name)
    assert (told["metadata"]["state"], told["error"]["code"]) == ("BATCH_STATE_FAILED", 13)
    if answered:
        assert list(wire.results(name)) == KEYS[:1]
        assert wire.reply["metadata"]["batchStats"]["pendingRequestCount"] == "1"
    else:
        assert "output" not in told["metadata"]
    assert wire.client().batches.get(name=name).error is None  # the client drops it


@pytest.mark.parametrize("answered", [True, False])
def test_a_cancelled_batch_has_its_answers_or_none(answered: bool, wire: Wire) -> None:
    wire.developer.answers_when_cancelled = answered
    name = wire.create(request())
    for _ in range(2):
        wire.client().batches.cancel(name=name)
    told = wire.look(name, 1)
    assert (told["metadata"]["state"], "output" in told["metadata"]) == ("BATCH_STATE_CANCELLED", answered)
    assert told["error"]["code"] == 1


def test_a_batch_that_is_not_done_in_48_hours_is_over_and_has_no_results(wire: Wire) -> None:
    wire.developer.sits = 1
    name = wire.create(request())
    assert wire.look(name)["metadata"]["state"] == "BATCH_STATE_PENDING"
    wire.developer.files.ahead = 48.1
    told = wire.look(name, 1)
    assert (told["metadata"]["state"], "output" in told["metadata"]) == ("BATCH_STATE_EXPIRED", False)
    wire.developer.files.ahead, wire.developer.expires = 0, 2
    assert wire.look(wire.create(request()), 1)["metadata"]["state"] == "BATCH_STATE_EXPIRED"
    assert wire.developer.asked == []


def test_results_may_lack_a_key_or_have_one_that_nobody_asked(wire: Wire) -> None:
    wire.developer.unwritten, wire.developer.made_up = (KEYS[0],), ("x",)
    assert set(wire.results(wire.create(request(), request()))) == {KEYS[1], "x"}
