"""Where a disturbed run works: a target, its service on the loopback server, and the warehouse that is looked at."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import duckdb

import bqbatch.warehouses.duckdb as embedded
from bqbatch.prompt.output import OutputColumn
from bqbatch.warehouses import Result, Statement, Warehouse
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from bqbatch.warehouses.duckdb.translate import translate
from tests.loopback.bigquery import BigQuery
from tests.loopback.developer import Developer
from tests.loopback.files import MOST_NAME
from tests.loopback.http import Answer, Call
from tests.loopback.lines import Line
from tests.loopback.lines import Result as Told
from tests.loopback.vertex import Vertex

LAG_SECONDS = 0.2
_JOB = re.compile(r"\d{8}_\d{6}_[0-9a-f]{6}_\d+_\d+")
QUICK = """
CREATE OR REPLACE MACRO googlesql.json_text(v) AS json_extract_string(v, '$');
CREATE OR REPLACE MACRO googlesql.safe_int64(x) AS try_cast(x AS BIGINT);
CREATE OR REPLACE MACRO googlesql.safe_parse_json(x) AS try_cast(x AS JSON);
CREATE OR REPLACE MACRO googlesql.parse_json(x) AS x::JSON;
"""
"""DuckDB binds these in a tenth of the time. What they leave out, such as numbers of many digits, is tested elsewhere."""
_SAID = json.dumps({
    "candidates": [{"content": {"parts": [{"text": '{"label": "LABEL"}'}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}, "modelVersion": "gemini-3.5-flash-lite",
})  # fmt: skip


class Place(Protocol):
    """A target that a world runs on; `settings` are those of the project that say where it is, `fewer` those with which a run
    makes fewer calls, for what is tried at each of them. Of the lives by chance, one of `slowness` is tried here."""

    settings: str
    fewer: str
    slowness: int

    @property
    def asked(self) -> list[str]:
        """The key of every request that was sent to the model, in order."""

    @property
    def warehouse(self) -> Warehouse:
        """What the target's rows are in."""

    @property
    def sent(self) -> list[str]:
        """The jobs that the service was sent, by the names they have in the log."""

    def clear(self) -> Mapping[str, Answer]:
        """Leaves nothing of what was; gives the functions that answer from now on."""

    def problems(self) -> list[str]:
        """What is left at the service and should not be."""


class Memory(DuckDBWarehouse):
    """An embedded warehouse in memory, with one connection for all threads, one at a time."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"), "llm")
        self._lock = threading.RLock()
        self._connection = duckdb.connect(config=dict(embedded.CONFIG))
        self._connection.execute("SET threads = 1")
        self._prepare(self._connection)
        self._connection.execute(QUICK)

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        with self._lock:
            yield self._connection

    def execute(self, *statements: Statement) -> None:
        with self._remembering():
            super().execute(*statements)

    def read(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        with self._remembering():
            return super().read(sql, parameters)

    @contextlib.contextmanager
    def _remembering(self) -> Iterator[None]:
        """Statements are translated once: they come again in each life."""
        with self._lock:
            embedded.translate = _translated  # type: ignore[attr-defined]
            try:
                yield
            finally:
                embedded.translate = translate  # type: ignore[attr-defined]

    def clear(self) -> None:
        """Leaves nothing."""
        with self._open() as connection:
            connection.execute("DROP SCHEMA llm CASCADE; CREATE SCHEMA llm; TRUNCATE bqbatch.jobs; SET schema = 'llm'")


_translated = functools.lru_cache(4096)(translate)


class Terse(Vertex):
    """Vertex AI whose model says `a` or `b`, by the first digit of a request's hash, and is asked by one statement."""

    def _answer(self, kept: dict[str, Any], most: int) -> None:
        source, target, body = kept["source"], kept["target"], kept["job"]
        warehouse = self.bigquery.warehouse
        keys = [row["key"] for row in warehouse.read(f"SELECT key FROM `{source}` ORDER BY key LIMIT {most}")]
        literal = _SAID.replace("\\", "\\\\")
        said = [f"JSON '{literal.replace('LABEL', label)}'" for label in "ab"]
        warehouse.execute(Statement(
            f"CREATE TABLE `{target}` AS SELECT key, request, IF(key < '8', {said[0]}, {said[1]}) AS response, '' AS status, "
            f"CURRENT_TIMESTAMP() AS processed_time FROM `{source}` ORDER BY key LIMIT {most}", f"answer {target}"))  # fmt: skip
        self.bigquery.tables.made(target)
        self.asked += keys
        dataset, _, table = target.partition(".")
        body["outputInfo"] = {"bigqueryOutputDataset": f"bq://proj.{dataset}", "bigqueryOutputTable": table}
        body["completionStats"] = {"successfulCount": str(len(keys)), "failedCount": "0"}


class OnVertex:
    """Vertex AI, over a BigQuery in memory."""

    fewer = "shard_size = 3\nin_flight = 1\n"  # two shards, one after the other
    slowness = 1

    def __init__(self, root: Path, output: tuple[OutputColumn, ...]) -> None:
        self._root, self._output, self._memory = root, output, Memory()
        self.settings = 'type = "vertex"\ndataset = "proj.llm"'
        self.clear()

    @property
    def warehouse(self) -> Warehouse:
        return self._memory

    @property
    def asked(self) -> list[str]:
        return self._vertex.asked

    @property
    def sent(self) -> list[str]:
        return [kept["job"]["labels"]["bqbatch_job"] for kept in self._vertex.jobs.values()]

    def clear(self) -> Mapping[str, Answer]:
        self._memory.clear()
        bigquery = BigQuery(self._root, "proj")
        bigquery.warehouse = self._memory
        self._vertex = Terse(bigquery, self._output, lag_seconds=LAG_SECONDS)
        return {**bigquery.answers, **self._vertex.answers}

    def problems(self) -> list[str]:
        return []


class TerseDeveloper(Developer):
    """The Developer API whose model says `a` or `b`, by the first digit of a key; `sent` has the name of each batch that was made."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sent: list[str] = []

    def create(self, call: Call) -> Any:
        made = super().create(call)
        self.sent.append(made["metadata"]["displayName"])
        return made

    def answered(self, lines: list[Line], model: str) -> list[Told]:
        said = [json.loads(_SAID.replace("LABEL", label)) for label in "ab"]
        return [{"key": key, "response": said[0] if key < "8" else said[1]} for key, _ in lines]


class OnDeveloper:
    """The Developer API, over the embedded warehouse of the project."""

    fewer = "shard_size = 9\nin_flight = 1\n"  # one shard
    slowness = 4

    def __init__(self, root: Path, output: tuple[OutputColumn, ...]) -> None:
        self._root, self._output = root, output
        self.settings = 'type = "developer"\ndataset = "llm"'
        self.clear()

    @property
    def warehouse(self) -> Warehouse:
        return DuckDBWarehouse(self._root / ".bqbatch" / "warehouse.duckdb", "llm")

    @property
    def asked(self) -> list[str]:
        return self._developer.asked

    @property
    def sent(self) -> list[str]:
        return [found[0] for name in self._developer.sent if (found := _JOB.search(name))]

    def clear(self) -> Mapping[str, Answer]:
        shutil.rmtree(self._root / ".bqbatch", ignore_errors=True)
        self._developer = TerseDeveloper(self._root, self._output, lag_seconds=LAG_SECONDS)
        return self._developer.answers

    def problems(self) -> list[str]:
        """Files that could be deleted and were not."""
        return [f"files/{name} is left" for name in self._developer.files.stored if len(name) <= MOST_NAME]


def place(target: str, root: Path, output: tuple[OutputColumn, ...]) -> Place:
    """The place of a target's type."""
    return OnVertex(root, output) if target == "vertex" else OnDeveloper(root, output)
