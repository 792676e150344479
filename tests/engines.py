"""The two engines of the test cases: the embedded warehouse, and GoogleSQL's reference implementation, the judge."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from bqbatch import sqlfiles
from bqbatch.names import Dataset
from bqbatch.warehouses import Statement
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.oracle.googlesql import Table, googlesql

DATASET = Dataset("llm")
START, DAY = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
Columns = tuple[tuple[str, str], ...]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's columns, name and type, and its rows as `plain` has them."""

    columns: Columns
    rows: list[dict[str, Any]]


class Engine(Protocol):
    """Tables made by GoogleSQL, and what queries say of them."""

    def make(self, name: str, select: str) -> None:
        """Makes the table of a SELECT."""

    def fill(self, name: str, shape: str, rows: Iterable[Row]) -> None:
        """Makes the table of a SELECT that gives no rows, and puts these rows of a .jsonl file in it."""

    def load(self, path: Path, table: str) -> None:
        """Makes a table of a seed file."""

    def columns(self, sql: str) -> list[str]:
        """The names of a query's columns."""

    def query(self, sql: str, parameters: Mapping[str, str | None] = {}) -> Answer:
        """What a query gives; its rows in an order that says nothing, unless it ends with ORDER BY."""


@dataclass
class Judge:
    """GoogleSQL itself."""

    tables: dict[str, Table] = field(default_factory=dict)

    def make(self, name: str, select: str) -> None:
        made = googlesql().evaluate(select, self.tables)
        self.tables[f"{DATASET.path}.{name}"] = Table(dict(made.columns), made.rows)

    def fill(self, name: str, shape: str, rows: Iterable[Row]) -> None:
        columns = columns_of(shape)
        self.tables[f"{DATASET.path}.{name}"] = Table(columns, typed(rows, columns))

    def load(self, path: Path, table: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            warehouse = DuckDBWarehouse(Path(folder) / "seed.duckdb", DATASET.path)
            warehouse.load(path, table)
            found = warehouse.read(f"SELECT * FROM {table}")
        self.tables[table.strip("`")] = Table({column.name: column.type for column in found.columns}, found.rows)

    def columns(self, sql: str) -> list[str]:
        tables = {name: table.columns for name, table in self.tables.items()}
        return [name for name, _ in googlesql().analyze(sql, tables).columns]

    def query(self, sql: str, parameters: Mapping[str, str | None] = {}) -> Answer:
        if table := self.tables.get(sql.removeprefix("SELECT * FROM ").strip("`")):
            columns = tuple(table.columns.items())
            return Answer(columns, in_order(sql, [plain(row, columns) for row in table.rows]))
        typed_parameters = {name: ("STRING", value) for name, value in parameters.items()}
        found = googlesql().evaluate(sql, self.tables, typed_parameters)
        return Answer(found.columns, in_order(sql, [plain(row, found.columns) for row in found.rows]))


class Embedded:
    """The warehouse on DuckDB, in a file of its own."""

    def __init__(self, path: Path) -> None:
        self.warehouse = DuckDBWarehouse(path, DATASET.path)
        self._count = itertools.count()
        self._shapes: dict[str, str] = {}
        self._open = self.warehouse._open()  # a file that is open opens again at once
        self._connection = self._open.__enter__()

    def make(self, name: str, select: str) -> None:
        create = f"CREATE OR REPLACE TABLE {DATASET.of(name)} AS\n{select}"
        self.warehouse.execute(Statement(create, f"job{next(self._count)}"))
        self._shapes[name] = select

    def fill(self, name: str, shape: str, rows: Iterable[Row]) -> None:
        if self._shapes.get(name) == shape:
            self._connection.execute(f'TRUNCATE {DATASET.path}."{name}"')
        else:
            self.make(name, shape)
        columns = columns_of(shape)
        values = [[row.get(column) for column in columns] for row in typed(rows, columns)]
        if values:
            insert = f'INSERT INTO {DATASET.path}."{name}" VALUES ({", ".join("?" * len(columns))})'
            self._connection.begin()
            self._connection.executemany(insert, values)
            self._connection.commit()

    def load(self, path: Path, table: str) -> None:
        self.warehouse.load(path, table)

    def columns(self, sql: str) -> list[str]:
        return [column.name for column in self.warehouse.dry_run(sql).columns]

    def query(self, sql: str, parameters: Mapping[str, str | None] = {}) -> Answer:
        found = self.warehouse.read(sql, parameters)
        columns = tuple((column.name, column.type) for column in found.columns)
        return Answer(columns, in_order(sql, [plain(row, columns) for row in found]))


@functools.cache
def columns_of(select: str) -> dict[str, str]:
    """The columns, name to type, of a SELECT that reads no table."""
    return dict(googlesql().analyze(select, {}).columns)


def macro(file: str, name: str, *arguments: str) -> str:
    """The SQL that a macro of `sql/macros/<file>.sql` makes of these arguments."""
    template = f"{{% from 'macros/{file}.sql' import {name} %}}{{{{ {name}(*arguments) }}}}"
    return sqlfiles._environment().from_string(template).render(arguments=arguments)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a .jsonl file; none where there is no file."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line] if path.exists() else []


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")


def in_order(sql: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as they came where the SQL orders them, else by their text."""
    return rows if sql.rpartition("\n")[2].startswith(("ORDER BY", "LIMIT")) else sorted(rows, key=json.dumps)


def typed(rows: Iterable[Row], columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of a .jsonl file as values of these types; in a JSON column null is JSON's.

    BYTES are written as text, in which half a surrogate pair stands for a byte that is no UTF-8.
    """
    read: dict[str, Callable[[Any], Any]]
    read = {"JSON": json.dumps, "NUMERIC": Decimal, "TIMESTAMP": dt.datetime.fromisoformat,
            "BYTES": lambda text: text.encode("utf-8", "surrogateescape")}  # fmt: skip
    return [{name: read.get(columns[name], lambda v: v)(value) for name, value in row.items()} for row in rows]


def plain(row: Any, columns: Columns) -> dict[str, Any]:
    """A row as a .jsonl file writes it: a column that is NULL is left out, so that null in a JSON column is JSON's."""
    return {name: _plain(row[name], kind) for name, kind in columns if row[name] is not None}


def _whole(digits: str) -> int | float:
    return int(digits) if -(2**63) <= int(digits) < 2**64 else float(digits)


def _plain(value: Any, kind: str) -> Any:
    if kind == "JSON":
        # Of equal keys the first counts, and what no 64 bits hold is rounded, wherever a value is read.
        return json.loads(value, object_pairs_hook=lambda pairs: dict(reversed(pairs)), parse_int=_whole)
    if isinstance(value, list):
        assert None not in value, "BigQuery takes no array with a NULL in it"
        return [_plain(item, kind) for item in value]
    if isinstance(value, dict):
        return {name: _plain(inner, "") for name, inner in value.items()}
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, dt.datetime) and value.tzinfo:
        return "now" if dt.timedelta(0) <= value - START < DAY else value.astimezone(dt.UTC).isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
