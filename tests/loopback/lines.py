"""The lines of a batch's file in the Developer API, and what comes of each: `simulated` says the same as for Vertex AI.

Sources: https://ai.google.dev/gemini-api/docs/batch-api (`{"key", "request"}` in; `{"key", "response"}` or `{"key", "error"}` out),
Embassy-of-the-Free-Mind/sourcelibrary-v2#135 (in any order, and so the fields of a line). Assumed without a source: that a request that
the model does not take has an error of its own, with the numbers of google.rpc.Code; how tokens are counted, which is a
quarter of the characters of all texts.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bqbatch.prompt.output import OutputColumn
from bqbatch.services import Job
from bqbatch.services.simulated import Faults, answer
from bqbatch.warehouses import Statement
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.loopback.http import DEVELOPER, Refusal, check_body
from tests.loopback.online import check_request
from tests.loopback.vertex import said_by

_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 500: 13, 503: 14, 504: 4}
"""google.rpc.Code by HTTP status."""
Line = tuple[str, Mapping[str, Any]]
Result = dict[str, Any]


@dataclass
class Lines:
    """Whoever answers lines. Of what was answered, the keys of `unwritten` are not in the results, and those of `made_up`
    are, though nobody asked; with `http_codes` an error has the numbers of HTTP."""

    folder: Path
    output: tuple[OutputColumn, ...] = ()
    faults: Faults = ()
    unwritten: tuple[str, ...] = ()
    made_up: tuple[str, ...] = ()
    http_codes: bool = False
    asked: list[str] = field(default_factory=list)
    """The key of every request that was sent to the model, in order."""
    _times: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.warehouse = DuckDBWarehouse(self.folder / "developer.duckdb", "llm")

    def told(self, lines: list[Line], model: str) -> list[Result]:
        """A result for each line, what the model says or why it was not asked, in an order of their own."""
        told: list[Result] = [{"key": key, "response": {}} for key in self.made_up]
        taken = []
        for key, request in lines:
            try:
                check_body(DEVELOPER, "lines.generateContent", "GenerateContentRequest", request)
                check_request(DEVELOPER, request, model)
                taken.append((key, request))
            except Refusal as refusal:
                told.append({"key": key, "error": self._error(refusal.body()["error"])})
        self.asked += [key for key, _ in taken]
        told += [line for line in self.answered(taken, model) if line["key"] not in self.unwritten]
        told.sort(key=lambda line: hashlib.sha256(line["key"].encode()).digest())
        return [dict(reversed(line.items())) if line["key"] > "8" else line for line in told]

    def answered(self, lines: list[Line], model: str) -> list[Result]:
        """What the model says to each request: the same as on Vertex AI."""
        if not lines:
            return []
        warehouse, number = self.warehouse, next(self._times)
        source, made = f"`llm.requests_{number}`", f"`llm.responses_{number}`"
        text = [{"key": key, "request": json.dumps(request)} for key, request in lines]
        rows = "FROM UNNEST(JSON_QUERY_ARRAY(PARSE_JSON(@lines, wide_number_mode => 'round'))) AS line"
        parsed = "JSON_VALUE(line, '$.key') AS key, PARSE_JSON(JSON_VALUE(line, '$.request'), wide_number_mode => 'round') AS request"
        job = Job(f"developer{number}", "batch", 1, 1, source, made, "`llm.served`")
        warehouse.execute(
            Statement("CREATE TABLE IF NOT EXISTS `llm.served` (request_hash STRING)", f"served_{number}"),
            Statement(
                f"CREATE TABLE {source} AS SELECT {parsed} {rows}", f"requests_{number}", {"lines": json.dumps(text)}
            ),
            answer(job, self.output, self.faults),
            Statement(f"INSERT INTO `llm.served` SELECT key FROM {source}", f"serve_{number}"),
        )
        found = warehouse.read(f"SELECT r.key, {said_by(model)} AS response, r.status FROM {made} AS r").rows
        warehouse.execute(*(Statement(f"DROP TABLE {name}", f"drop_{name}") for name in (source, made)))
        return [
            {"key": key, "error": self._error(json.loads(status[status.index("{") :])["error"])}
            if status else {"key": key, "response": json.loads(response)}
            for key, response, status in found
        ]  # fmt: skip

    def _error(self, error: Mapping[str, Any]) -> dict[str, Any]:
        code = error["code"] if self.http_codes else _CODES.get(error["code"], 2)
        return {"code": code, "message": error["message"]}


def read(line: bytes) -> Line | None:
    """The key and the request of a line; None where it has no such."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("key"), str)
        or not isinstance(found.get("request"), dict)
    ):
        return None
    return found["key"], found["request"]


def tokens_of(line: bytes) -> int:
    """How many tokens a line has for the limit of what is enqueued."""
    found = read(line)
    parts = [
        part for content in (found[1].get("contents") or [] if found else []) for part in content.get("parts") or []
    ]
    return sum((len(part.get("text", "")) + 3) // 4 for part in parts)
