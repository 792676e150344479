"""Commands in processes that can be killed: forked of one that has imported all there is, and has no threads.

`python -m tests.faults.mortal` reads one command a line as JSON, with the id that a run gets if it begins one, forks, says the child's process id, waits for its end
and says what it came to: `{"code", "out", "err", "trace"}`, or null where it was killed. `trace` is the traceback of an
error that nobody caught.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
POLL_SECONDS, SETTLE_SECONDS = 0.01, 0.5
CALL_SECONDS = 0.7
"""Longer than any call to the loopback server takes."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; `killed` is one that has no code, nor anything to say."""

    code: int = -9
    out: str = ""
    err: str = ""
    trace: str = ""

    @property
    def killed(self) -> bool:
        return self.code == -9


@dataclass
class Mortal:
    """One who carries out a command at a time, in a process whose id is `pid` while it lives.

    A call of it is lost after `call_seconds`.
    """

    folder: Path
    call_seconds: float = CALL_SECONDS
    pid: int = 0
    _process: subprocess.Popen[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.mortal", str(self.folder), str(self.call_seconds)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, env=os.environ | {"GEMINI_API_KEY": "a-key"}
        )  # fmt: skip

    def say(self, run_id: str, *arguments: str) -> Ended:
        """What a command ends with."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps([run_id, arguments]), file=self._process.stdin, flush=True)
        self.pid = int(self._process.stdout.readline())
        ended = json.loads(self._process.stdout.readline())
        self.pid = 0
        return Ended(**ended) if ended else Ended()

    def close(self) -> None:
        self._process.communicate()


def _serve(folder: str, call_seconds: float) -> None:
    from click.testing import CliRunner
    from google import genai
    from google.cloud import bigquery
    from google.cloud.aiplatform_v1.services.job_service import JobServiceClient

    import bqbatch.warehouses.duckdb as embedded
    from bqbatch import commands, resuming, sqlfiles
    from bqbatch.cli import main
    from bqbatch.patience import Patience
    from bqbatch.run import script
    from bqbatch.services.developer import DeveloperService
    from bqbatch.services.vertex import VertexService
    from bqbatch.warehouses.bigquery import BigQueryWarehouse
    from tests.faults.places import QUICK

    os.chdir(folder)
    assert {commands, bigquery, genai, JobServiceClient}  # imported before the first fork, not after each
    for name in sqlfiles._environment().list_templates(["sql"]):
        sqlfiles._environment().get_template(name)
    compiled = CliRunner().invoke(main, ["compile", "words.sql"])
    assert compiled.exit_code == 0, compiled.output
    for patient in (VertexService, DeveloperService, BigQueryWarehouse):
        patient.patience = Patience(call_seconds, 0.02, total_seconds=5.0)
    for service in (VertexService, DeveloperService):
        service.poll_seconds, service.settle_seconds = POLL_SECONDS, SETTLE_SECONDS
    embedded._MACROS += QUICK
    genai._api_client.INITIAL_RETRY_DELAY = 0.01  # type: ignore[assignment]  # before a chunk is sent again
    for line in sys.stdin:
        assert threading.active_count() == 1
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            run_id, arguments = json.loads(line)
            # Ids that come again with each life: the server knows the statements already, and a fault can be met again.
            script.new_run_id = resuming.new_run_id = functools.partial(str, run_id)  # type: ignore[attr-defined]
            result = CliRunner().invoke(main, arguments, prog_name="bqbatch")
            caught = result.exception is None or isinstance(result.exception, SystemExit)
            trace = "" if caught else "".join(traceback.format_exception(result.exception))
            said: dict[str, Any] = {
                "code": result.exit_code,
                "out": result.stdout,
                "err": result.stderr,
                "trace": trace,
            }
            with os.fdopen(writer, "w") as file:
                json.dump(said, file)
            os._exit(0)
        os.close(writer)
        print(pid, flush=True)
        with os.fdopen(reader) as file:
            ended = file.read()
        os.waitpid(pid, 0)
        print(ended or "null", flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], float(sys.argv[2]))
