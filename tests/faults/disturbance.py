"""What can happen to a call: each fault by its name, as something done before the server acts, after, or to its reply."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.loopback.http import Call, Loopback, Refusal

_BUSY = {429: "rateLimitExceeded", 500: "internalError", 503: "backendError"}
_STATUS = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
FAULTS = (
    "429", "500", "503", "silence_before", "silence_after", "reset_before", "reset_after", "malformed", "kill_before",
    "kill_after",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crossing:
    """What went over the wire for one call: the bytes of its body and of its reply's; `bare` is their characters without
    numbers, hashes and ids."""

    method: str
    asked: int
    told: int
    bare: tuple[int, int]


@dataclass
class Disturbance:
    """Faults at calls of a server, counted from 1; `pid` gives the process to kill, `silence` is in seconds."""

    server: Loopback
    pid: Callable[[], int]
    silence: float
    plan: Mapping[int, str] = field(default_factory=dict)
    calls: int = 0
    met: list[str] = field(default_factory=list)
    """The faults that came about, with the call."""
    traffic: list[Crossing] = field(default_factory=list)
    """What went over the wire, call by call."""

    def __post_init__(self) -> None:
        self.server.before, self.server.after, self.server.sent = self._before, self._after, self._sent
        self._told = threading.local()

    def start(self, plan: Mapping[int, str]) -> None:
        """Counts anew, with faults at these calls."""
        self.plan, self.calls, self.met, self.traffic = plan, 0, [], []

    def _before(self, call: Call) -> None:
        self.calls += 1
        fault = self._told.fault = self.plan.get(self.calls, "")
        if not fault:
            return
        self.met.append(f"{fault} at {self.calls} {call.method}")
        if fault.isdigit():
            code = int(fault)
            raise Refusal(code, _BUSY[code], "the fault of a test", _STATUS[code])
        self._stop(fault, "before")

    def _after(self, call: Call) -> None:
        self._stop(self._told.fault, "after")

    def _sent(self, call: Call, data: bytes) -> bytes:
        bare = (_bare(json.dumps(call.body, default=str)), _bare(data.decode()))
        self.traffic.append(Crossing(call.method, call.size, len(data), bare))
        return data[: len(data) // 2] if self._told.fault == "malformed" else data

    def _stop(self, fault: str, when: str) -> None:
        what, _, moment = fault.partition("_")
        if moment != when:
            return
        if what == "silence":
            threading.Event().wait(self.silence)
        if what == "kill":
            with contextlib.suppress(ProcessLookupError):  # of two, one may have ended
                if pid := self.pid():
                    os.kill(pid, signal.SIGKILL)
        raise ConnectionError


def _bare(text: str) -> int:
    return len(re.sub("[0-9a-f]+", "", text))
