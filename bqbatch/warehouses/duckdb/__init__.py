"""The embedded warehouse: GoogleSQL on a DuckDB file.

The file is opened for each step and closed after it, so that `status` and `show` in a second shell work while a
run goes on: DuckDB lets one process at a time open a file, and others wait here for their turn.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bqbatch.errors import Locked, WarehouseError
from bqbatch.warehouses import Column, DryRun, Result, Statement, Stream, Table
from bqbatch.warehouses.duckdb.messages import batches_of, errors_as, file_error, interrupts, statement_error
from bqbatch.warehouses.duckdb.seeds import load_error, relation
from bqbatch.warehouses.duckdb.translate import Translation, translate
from bqbatch.warehouses.duckdb.types import sql_type

if TYPE_CHECKING:
    import duckdb

    from bqbatch.names import Dataset

_MACROS = (Path(__file__).parent / "macros.sql").read_text("utf-8")
_DIGEST = hashlib.sha256(_MACROS.encode()).hexdigest()
_WAIT_SECONDS = 120
_BATCH_ROWS = 8192
_SPARING_MB = 75
"""Of memory for a thread; to spill sums and sorts to disk DuckDB would have 125 (duckdb.org/docs, "Limits")."""
_ROW_GROUP = 30_720
"""Rows of a table that are read and written as one: a thread has one at a time, and a write keeps some of them in memory.

A quarter of DuckDB's own. Measured on 350,000 rows and two threads: two thirds of the memory, and no thread idles.
"""
CONFIG: Mapping[str, Any] = {"preserve_insertion_order": "false", "python_enable_replacements": "false"}
_OWN_SCHEMAS = ("bqbatch", "googlesql", "information_schema", "pg_catalog")
_EMPTY = ("FROM (", "\n) LIMIT 0")


class DuckDBWarehouse:
    """A `Warehouse` in the file at `path`; unqualified names resolve in `dataset`."""

    exclusive = True

    def __init__(self, path: Path, dataset: str) -> None:
        self.path = path
        self.dataset = dataset.rpartition(".")[2]
        self._held = threading.local()
        # In a thread: Ctrl-C in the middle of this import would end Python with an abort.
        with ThreadPoolExecutor(1) as loader:
            loader.submit(importlib.import_module, "duckdb").result()

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Keeps the file open for this thread's calls inside."""
        if getattr(self._held, "connection", None):
            yield
            return
        with self._open() as connection:
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = None

    @contextlib.contextmanager
    def sparingly(self) -> Iterator[None]:
        """Limits what DuckDB keeps: by itself it keeps all that it has read, up to most of the machine's memory."""
        with self.step():
            connection: duckdb.DuckDBPyConnection = self._held.connection
            threads = connection.execute("SELECT current_setting('threads')").fetchall()[0][0]
            connection.execute(f"SET memory_limit = '{_SPARING_MB * max(2, threads)}MB'")
            try:
                yield
            finally:
                connection.execute("RESET memory_limit")

    def dry_run(self, sql: str) -> DryRun:
        """The columns a query would have; it reads nothing, and reading is free here."""
        import duckdb

        translation = translate(sql)
        text = translation.statements[0].join(_EMPTY)
        with self._open() as connection, self._said(translation, shift=len(_EMPTY[0])):
            try:
                description = connection.execute(text).description
            except duckdb.BinderException as error:
                if "multiple overloads" in str(error):
                    # A column that is not there has no type to choose a macro by: without macros it is named.
                    connection.execute(re.sub(r"googlesql\.\w+\(", "row(", text))
                raise
            return DryRun(tuple(Column(name, sql_type(kind)) for name, kind, *_ in description or []), bytes=None)

    def execute(self, *statements: Statement) -> None:
        """Runs the statements in one transaction; those whose job id is known are passed over."""
        translations = [translate(statement.sql) for statement in statements]
        with self._open() as connection, self._transaction(connection):
            for statement, translation in zip(statements, translations, strict=True):
                done = connection.execute("FROM bqbatch.is_done(?)", [statement.job_id]).fetchone()
                if done and done[0]:
                    continue
                for index, text in enumerate(translation.statements):
                    with self._said(translation, index):
                        connection.execute(text, dict(statement.parameters) if "$" in text else None)
                connection.execute("INSERT INTO bqbatch.jobs VALUES (?, now()::TIMESTAMP)", [statement.job_id])

    def read(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        """The rows of a query."""
        translation = translate(sql)
        with self._open() as connection, self._said(translation):
            cursor = connection.execute(translation.statements[0], dict(parameters or {}))
            columns = tuple(Column(name, sql_type(kind)) for name, kind, *_ in cursor.description or [])
            return Result(columns, tuple(cursor.fetchall()))

    @contextlib.contextmanager
    def stream(self, sql: str) -> Iterator[Stream]:
        """The rows of a query in batches; the file is open for as long."""
        translation = translate(sql)
        with self._open() as connection:
            self.dry_run(sql)  # which says what is wrong with a query, where `sql` does not
            with self._said(translation):
                found = connection.sql(translation.statements[0])
                try:
                    columns = tuple(map(Column, found.columns, map(sql_type, found.types)))
                    reader = found.to_arrow_reader(_BATCH_ROWS)
                finally:
                    del found  # it would keep the file open for as long as an error is kept
                try:
                    yield Stream(columns, reader.schema, batches_of(reader))
                finally:
                    reader.close()

    def load(self, path: Path, table: str) -> None:
        """Makes a table of a file, in one transaction, unless the table is there."""
        if not self.describe(table):
            self._make(path, table, "")

    def replace(self, path: Path, table: str, label: str) -> None:
        """Makes a table of a file, with `label` set, in one transaction; one that is there goes."""
        self._make(path, table, label)

    def _make(self, path: Path, table: str, label: str) -> None:
        if path.stat().st_size == 0:
            raise WarehouseError(f"{path.name} is empty", "a table needs a header line at least")
        schema, name = _parts(table)
        if schema in _OWN_SCHEMAS:
            raise WarehouseError(f"`{schema}` is the warehouse's own", "name another dataset")
        quoted = f'"{schema}"."{name}"'
        with self._open() as connection, self._transaction(connection), errors_as(partial(load_error, path)):
            rows = relation(connection, path)
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            connection.execute(f"DROP TABLE IF EXISTS {quoted}")
            rows.create(quoted)
            if label:
                connection.execute(f"COMMENT ON TABLE {quoted} IS '{label}=file'")

    def set_descriptions(self, table: str, descriptions: Mapping[str, str]) -> None:
        """Describes columns of a table or view, as the comments that `duckdb_columns()` shows."""
        schema, name = _parts(table)
        with self._open() as connection, self._transaction(connection):
            for column, description in descriptions.items():
                named = exp.column(column, name, schema, quoted=True).sql(dialect="duckdb")
                connection.execute(
                    f"COMMENT ON COLUMN {named} IS {exp.Literal.string(description).sql(dialect='duckdb')}"
                )

    def list_tables(self, dataset: Dataset | None = None) -> tuple[str, ...]:
        """The names of all tables and views in the warehouse's own dataset, or in another one."""
        schema = dataset.path.rpartition(".")[2] if dataset else self.dataset
        with self._open() as connection:
            return tuple(name for (name,) in connection.execute("FROM bqbatch.names_in(?)", [schema]).fetchall())

    def describe(self, table: str) -> Table | None:
        """The columns and labels of a table or view, or None."""
        import duckdb

        schema, name = _parts(table)
        with self._open() as connection:
            try:
                relation = connection.table(f'"{schema}"."{name}"')
            except duckdb.CatalogException:
                return None
            columns = tuple(Column(n, sql_type(kind)) for n, kind in zip(relation.columns, relation.types, strict=True))
            comment = connection.execute("FROM bqbatch.comment_of(?, ?)", [schema, name]).fetchone()
        text, is_view = comment or ("", False)
        labels = dict(pair.partition("=")[::2] for pair in (text or "").split("; ") if "=" in pair)
        return Table(columns, labels, is_view)

    @contextlib.contextmanager
    def _open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        if held := getattr(self._held, "connection", None):
            yield held
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(
                f"can't make {self.path.parent}: {error.strerror}", "is the folder writable?"
            ) from None
        with interrupts():
            connection = self._connect()
        try:
            with errors_as(partial(file_error, self.path)):
                self._prepare(connection)
                yield connection
        finally:
            with contextlib.suppress(duckdb.Error):
                connection.close()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        deadline = time.monotonic() + _WAIT_SECONDS
        pause = 0.01
        while True:
            try:
                # All connections of this process to a file share it, by the name of what they have in memory.
                return _attached(self.path, duckdb.connect(f":memory:{self.path}", config=dict(CONFIG)))
            except duckdb.InterruptException:
                raise
            except duckdb.Error as error:
                held = re.search(r"\block\b", str(error), re.IGNORECASE)
                if "corrupt" in str(error).lower() or held is None:
                    raise file_error(self.path, error) from None
                if time.monotonic() > deadline:
                    who = re.search(r"PID (\d+)", str(error))
                    raise Locked(
                        f"{self.path} is in use" + (f" by process {who[1]}" if who else ""),
                        "close the program that has it open, or wait until its step is over",
                    ) from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.25)

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        import duckdb

        try:
            version = connection.execute("FROM bqbatch.version").fetchone()
        except duckdb.CatalogException:
            version = None
        if version != (_DIGEST,):
            connection.execute("BEGIN")
            connection.execute(_MACROS)
            connection.execute("TRUNCATE bqbatch.version")
            connection.execute("INSERT INTO bqbatch.version VALUES (?)", [_DIGEST])
            connection.execute("COMMIT")
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self.dataset}"')
        connection.execute(f"SET schema = '{self.dataset}'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it would write to stdout
        # Requests repeat most of their text: measured on 350,000 of them, less than half the file and 0.7 of the time.
        connection.execute("SET force_compression = 'zstd'")
        connection.execute("SET write_buffer_row_group_count = 1")
        connection.execute("SET errors_as_json = true")

    @contextlib.contextmanager
    def _transaction(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        import duckdb

        connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise
        with errors_as(partial(file_error, self.path)):
            connection.execute("COMMIT")

    def _said(self, translation: Translation, index: int = 0, shift: int = 0) -> AbstractContextManager[None]:
        """Errors of a statement are told in our words, with the offset in the GoogleSQL text."""
        return errors_as(lambda error: statement_error(self.path, error, translation, index, shift))


def _attached(path: Path, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection with the file as its database: only ATTACH takes the size of row groups."""
    try:
        file = exp.Literal.string(str(path)).sql(dialect="duckdb")
        connection.execute(f"ATTACH IF NOT EXISTS {file} (ROW_GROUP_SIZE {_ROW_GROUP})")
        [(name,)] = connection.execute("SELECT database_name FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
        connection.execute(f"USE {exp.to_identifier(name, quoted=True).sql(dialect='duckdb')}")
    except BaseException:
        connection.close()
        raise
    return connection


def _parts(table: str) -> tuple[str, str]:
    *_, schema, name = table.strip("`").replace("`", "").split(".")
    return schema, name
