"""The append-only log of every run, and who may work on a prompt.

State is in the warehouse, not in the process. Each event has an id made of its run, name, shard and attempt,
and each statement a job id made the same way, so that a repeat is adopted and not done again.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import Exists, Held, WarehouseError
from bqbatch.names import Dataset, PromptObjects
from bqbatch.warehouses import Statement, Warehouse

PERMANENT = "expiration_timestamp = NULL"
"""The option of what stays, whatever expiration its dataset gives by default."""
WORKING = "expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 14 DAY)"
"""The option of what a run needs for itself: longer than a job may wait (72 hours) and work (24), and be looked for."""

REHEARSED = "expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)"
"""The option of what a rehearsal leaves of a prompt: it is made anew by each."""


def new_run_id() -> str:
    """An id that sorts by time, to a quarter of a millisecond: `20261123_084501_3f9a7c`, half of the end is chance."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d_%H%M%S}_{now.microsecond * 4096 // 1_000_000:03x}{secrets.randbelow(4096):03x}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The log as one run writes it."""

    dataset: Dataset
    run_id: str
    prompt: str

    def setup(self) -> tuple[Statement, ...]:
        """The statements that make the log and its views where they are not there."""
        return (
            self.statement(
                "log",
                f"CREATE TABLE IF NOT EXISTS {self.dataset.log}\nOPTIONS ({PERMANENT}) AS\n{sqlfiles.render('ledger/log')}",
            ),
            self.statement(
                "runs",
                f"CREATE OR REPLACE VIEW {self.dataset.runs}\nOPTIONS ({PERMANENT}) AS\n{sqlfiles.render('ledger/runs', log=self.dataset.log)}",
            ),
            self.statement(
                "jobs",
                f"CREATE OR REPLACE VIEW {self.dataset.jobs}\nOPTIONS ({PERMANENT}) AS\n{sqlfiles.render('ledger/jobs', log=self.dataset.log)}",
            ),
        )

    def statement(self, step: str, sql: str, **parameters: Any) -> Statement:
        """A statement of this run; its job id names the step."""
        return Statement(sql, f"bqb_{self.run_id}_{step}", parameters)

    def event(self, event: str, shard: int = 0, attempt: int = 0, *, nth: str = "", **details: Any) -> Statement:
        """The statement that appends an event: once for each run, shard and attempt, or for each `nth` of these."""
        event_id = f"{self.run_id}_{event}_{shard}_{attempt}{f'_{nth}' if nth else ''}"
        return Statement(
            f"INSERT INTO {self.dataset.log}\n{sqlfiles.render('ledger/event')}",
            f"bqb_log_{event_id}",
            {
                "event_id": event_id, "run_id": self.run_id, "prompt": self.prompt, "event": event,
                "shard": shard, "attempt": attempt, "details": json.dumps(details, default=str),
            },
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one run, or one command, to work on a prompt: a table that only one can create.

    `ledger` is the holder's own: a claim that is taken and given back again can't be taken a second time by its id.
    """

    warehouse: Warehouse
    objects: PromptObjects
    ledger: Ledger

    @staticmethod
    def creation(objects: PromptObjects, ledger: Ledger) -> Statement:
        """The statement that takes the claim; it fails where the table exists."""
        sql = f"CREATE TABLE {objects.claim}\nOPTIONS ({WORKING}) AS\n{sqlfiles.render('ledger/claim')}"
        return ledger.statement("claim", sql, **_me(ledger))

    @staticmethod
    def removal(objects: PromptObjects, ledger: Ledger) -> Statement:
        """The statement that gives the claim back."""
        return ledger.statement("release", f"DROP TABLE IF EXISTS {objects.claim}")

    def take(self) -> None:
        """Takes the claim, or raises Held while another run has it.

        The claim of a process that is gone, or that was not renewed in time, is taken over; of two that try, one
        finds that the other was first.
        """
        for _ in range(3):
            try:
                self.warehouse.execute(self.creation(self.objects, self.ledger))
                return
            except Exists:
                holder = self._holder()
            if holder is None:
                continue
            if not holder["expired"] and alive(holder):
                raise Held(
                    f"another run of `{self.objects.prompt}` is under way: {holder['run_id']}, process {holder['pid']} "
                    f"on {holder['host']}",
                    "wait for it; `bqbatch status` shows how far it is",
                )
            self.warehouse.execute(
                self.ledger.statement(
                    f"takeover_{holder['run_id']}",
                    sqlfiles.render("ledger/takeover", claim=self.objects.claim),
                    gone=holder["run_id"],
                    **_me(self.ledger),
                )
            )
            now = self._holder()
            if now and now["run_id"] == self.ledger.run_id:
                return
        raise Held(f"another run of `{self.objects.prompt}` was first", "`bqbatch status` shows how far it is")

    def renew(self, nth: int) -> None:
        """Moves the end of the claim."""
        self.warehouse.execute(
            self.ledger.statement(
                f"renew_{nth}", sqlfiles.render("ledger/renewal", claim=self.objects.claim), run_id=self.ledger.run_id
            )
        )

    def release(self) -> None:
        """Gives the claim back if it is still ours."""
        holder = self._holder()
        if holder and holder["run_id"] == self.ledger.run_id:
            self.warehouse.execute(self.removal(self.objects, self.ledger))

    def _holder(self) -> dict[str, Any] | None:
        try:
            rows = self.warehouse.read(sqlfiles.render("ledger/holder", claim=self.objects.claim))
        except WarehouseError:
            return None
        return next(iter(rows), None)


def _me(ledger: Ledger) -> dict[str, Any]:
    return {"run_id": ledger.run_id, "host": socket.gethostname(), "pid": os.getpid()}


def alive(holder: Mapping[str, Any]) -> bool:
    """Whether the process that holds a claim may still work: on another machine it may."""
    if holder["host"] != socket.gethostname():
        return True
    if holder["pid"] == os.getpid():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
