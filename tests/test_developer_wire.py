"""Files, keys and models of the Developer API over the wire: google-genai, unpatched, and what each rule of the server says."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.loopback.http import Call, Refusal
from tests.wires import KEYS, MODEL, Wire, lines, refused, request

UPLOAD = "generativelanguage.media.upload"


# The whole way.


def test_a_batch_goes_from_a_file_of_requests_to_a_file_of_answers(wire: Wire) -> None:
    client = wire.client()
    file = wire.upload(lines(*[request(f"Label {word}") for word in ("red", "green", "blue", "white")]), "words-1-1")
    made = client.batches.create(model=MODEL, src=file, config={"display_name": "words"})
    assert wire.server.calls[-1].body == {
        "batch": {"displayName": "words", "inputConfig": {"fileName": "files/words-1-1"}}
    }
    states = [wire.look(made.name or "", 1)["metadata"]["state"] for _ in range(2)]
    assert states == ["BATCH_STATE_RUNNING", "BATCH_STATE_SUCCEEDED"]
    told = wire.reply
    assert told["metadata"]["batchStats"] == {"requestCount": "4", "successfulRequestCount": "4"}
    output = told["metadata"]["output"]["responsesFile"]
    assert told["response"]["responsesFile"] == output
    content = client.files.download(file=output).splitlines()
    keys = [json.loads(line)["key"] for line in content]
    assert sorted(keys) == KEYS != keys
    assert {next(iter(json.loads(line))) for line in content} == {"key", "response"}
    answers = [json.loads(line)["response"] for line in content]
    assert {reply["modelVersion"] for reply in answers} == {MODEL}
    client.batches.delete(name=made.name or "")
    client.files.delete(name=file)
    assert list(client.batches.list()) == []
    assert [found.name for found in client.files.list()] == [output]


def test_a_model_answers_one_request_at_once(wire: Wire) -> None:
    reply = wire.client().models.generate_content(model=MODEL, contents="Label red")
    assert reply.text == '{"label": "a"}'
    assert wire.online.asked[0]["contents"] == [{"role": "user", "parts": [{"text": "Label red"}]}]


# Keys and models.


def test_who_has_no_key_or_a_wrong_one_is_told(wire: Wire) -> None:
    assert refused(lambda: wire.client("nobody").models.get(model=MODEL)) == (
        400, "API key not valid. Please pass a valid API key.",
    )  # fmt: skip
    assert wire.reply["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    told = httpx.get(f"{wire.server.url}/v1beta/models")
    assert (told.status_code, told.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_models_are_listed_and_one_that_is_not_there_is_told(wire: Wire) -> None:
    client = wire.client()
    assert [model.name for model in client.models.list(config={"page_size": 1})] == [
        "models/gemini-3.5-flash-lite", "models/gemini-3.1-pro-preview",
    ]  # fmt: skip
    assert "batchGenerateContent" in (client.models.get(model=MODEL).supported_actions or [])
    code, words = refused(lambda: client.models.get(model="gemini-9"))
    assert (code, words[:28]) == (404, "models/gemini-9 is not found")
    code, words = refused(lambda: wire.create(request(), model="gemini-9"))
    assert (code, "not supported for batchGenerateContent" in words) == (404, True)


# Uploads.


def test_a_large_file_is_uploaded_in_chunks_of_8_megabytes(wire: Wire) -> None:
    content = bytes(range(256)) * 70_000
    name = wire.upload(content, "large")
    assert wire.developer.files.stored["large"].content == content
    calls = [call for call in wire.server.calls if call.method == UPLOAD]
    assert [call.headers["X-Goog-Upload-Command"] for call in calls] == [
        "start",
        "upload",
        "upload",
        "upload, finalize",
    ]
    assert [call.headers["X-Goog-Upload-Offset"] for call in calls[1:]] == ["0", "8388608", "16777216"]
    assert calls[0].body == {"file": {"name": name, "mime_type": "application/jsonl", "size_bytes": len(content)}}
    assert [call.headers["x-goog-api-key"] for call in calls[1:]] == [None] * 3


def chunk(call: Call, number: int, wire: Wire) -> bool:
    """Whether a call is the chunk of this number, counted from 1."""
    chunks = [
        one for one in wire.server.calls if one.method == UPLOAD and one.headers["X-Goog-Upload-Command"] != "start"
    ]
    return call.method == UPLOAD and len(chunks) == number and call is chunks[-1]


def test_a_chunk_that_a_busy_server_did_not_take_is_sent_again_by_the_client(wire: Wire) -> None:
    def refuse(call: Call) -> None:
        if chunk(call, 2, wire):
            raise Refusal(503, "backendError", "busy", "UNAVAILABLE")

    wire.server.before = refuse
    content = bytes(9_000_000)
    wire.upload(content, "once")
    assert wire.developer.files.stored["once"].content == content


def test_a_chunk_whose_reply_is_lost_ends_the_upload_and_it_can_begin_anew_under_its_name(wire: Wire) -> None:
    def lose(call: Call) -> None:
        if chunk(call, 1, wire):
            raise ConnectionError

    wire.server.after = lose
    content = bytes(9_000_000)
    with pytest.raises(httpx.ReadError):
        wire.upload(content, "again")
    assert not wire.developer.files.stored
    wire.upload(content, "again")
    assert wire.developer.files.stored["again"].content == content


@pytest.mark.parametrize("fault", ["lost", "malformed"])
def test_a_file_whose_last_reply_is_not_heard_is_there_and_its_name_is_taken(fault: str, wire: Wire) -> None:
    from google.genai.errors import UnknownApiResponseError

    def lose(call: Call) -> None:
        if fault == "lost" and chunk(call, 1, wire):
            raise ConnectionError

    wire.server.after = lose
    wire.server.sent = lambda call, data: data[:20] if fault == "malformed" and call.method == UPLOAD else data
    with pytest.raises(httpx.ReadError if fault == "lost" else UnknownApiResponseError):
        wire.upload(lines(request()), "taken")
    wire.server.sent = lambda _, data: data
    assert refused(lambda: wire.upload(lines(request()), "taken"))[0] == 409
    found = wire.client().files.get(name="files/taken")
    assert (found.size_bytes, found.display_name) == (len(lines(request())), None)


def test_an_upload_says_how_far_it_is_takes_the_next_chunk_only_and_can_be_ended(wire: Wire) -> None:
    def say(address: str, command: str, content: bytes = b"", at: int = 0) -> httpx.Response:
        headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(at), **key}
        return httpx.post(address, content=content, headers=headers)

    address = f"{wire.server.url}/upload/v1beta/files"
    key = {"x-goog-api-key": "a-key", "X-Goog-Upload-Header-Content-Length": "6"}
    session = say(address, "start").headers["x-goog-upload-url"]
    assert say(session, "upload", b"abc").headers["x-goog-upload-status"] == "active"
    assert say(session, "query").headers["x-goog-upload-size-received"] == "3"
    assert say(session, "upload", b"abc").status_code == 400
    made = say(session, "upload, finalize", b"def", at=3)
    assert (made.headers["x-goog-upload-status"], made.json()["file"]["sizeBytes"]) == ("final", "6")
    asked = say(session, "query")
    assert (asked.headers["x-goog-upload-status"], asked.json()["file"]) == ("final", made.json()["file"])
    assert say(session, "upload", b"ghi", at=6).status_code == 400
    other = say(address, "start").headers["x-goog-upload-url"]
    assert say(other, "upload, finalize", b"abc").status_code == 400
    third = say(address, "start").headers["x-goog-upload-url"]
    assert say(third, "cancel").headers["x-goog-upload-status"] == "cancelled"
    assert say(f"{address}?upload_id=none", "query").status_code == 404
    assert len(wire.developer.files.stored) == 1


@pytest.mark.parametrize(
    ("name", "code"), [("a" * 40, 0), ("a" * 41, 400), ("A", 400), ("-a", 400), ("a-", 400), ("a_b", 400)]
)
def test_a_name_has_40_characters_of_few_kinds(name: str, code: int, wire: Wire) -> None:
    if code:
        assert refused(lambda: wire.upload(b"x", name))[0] == code
    else:
        assert wire.upload(b"x", name) == f"files/{name}"


def test_a_file_has_a_size_and_all_together_too(wire: Wire) -> None:
    wire.developer.files.most_bytes, wire.developer.files.most_stored = 10, 15
    assert refused(lambda: wire.upload(bytes(11)))[0] == 400
    wire.upload(bytes(10))
    code, words = refused(lambda: wire.upload(bytes(6)))
    assert (code, "file_storage_bytes" in words) == (429, True)
    wire.upload(bytes(6), key="other-key")
    wire.developer.files.ahead = 49
    wire.upload(bytes(6))


@pytest.mark.parametrize(("hours", "key"), [(1, "other-key"), (48.1, "a-key")])
def test_a_file_is_its_owners_for_48_hours(hours: float, key: str, wire: Wire) -> None:
    name = wire.upload(lines(request()), "mine")
    wire.developer.files.ahead = hours - 0.2
    assert wire.client().files.get(name=name).name == name
    wire.developer.files.ahead = hours
    client = wire.client(key)
    for act in (
        lambda: client.files.get(name=name),
        lambda: client.files.delete(name=name),
        lambda: client.batches.create(model=MODEL, src=name, config={"display_name": "x"}),
    ):
        assert refused(act) == (403, "You do not have permission to access the File mine or it may not exist.")
    assert list(client.files.list()) == []
    wire.developer.files.ahead = 49
    assert wire.upload(b"x", "mine") == name


def test_the_file_of_a_batch_is_given_and_downloaded_and_not_deleted(wire: Wire) -> None:
    client = wire.client()
    name = wire.look(wire.create(request()))["metadata"]["output"]["responsesFile"]
    assert len(name.removeprefix("files/")) > 40
    assert client.files.get(name=name).download_uri
    client.files.download(file=name, destination=wire.folder / "results.jsonl")
    assert (wire.folder / "results.jsonl").read_bytes() == client.files.download(file=name)
    code, words = refused(lambda: client.files.delete(name=name))
    assert (code, "cannot be more than 40 characters" in words) == (400, True)
    assert refused(lambda: client.files.download(file=wire.upload(b"x")))[0] == 400


def test_a_download_that_is_cut_is_told_and_leaves_a_part(wire: Wire) -> None:
    name = wire.look(wire.create(*[request("x" * 100)] * 4))["metadata"]["output"]["responsesFile"]
    path = wire.folder / "results.jsonl"
    wire.server.sent = lambda call, data: data[: len(data) // 2] if call.method.endswith("download") else data
    wire.client().files.download(file=name, destination=path)  # nothing tells that the second half is missing
    assert 0 < path.stat().st_size < len(wire.developer.files.stored[name.removeprefix("files/")].content)
