"""The embedded warehouse: GoogleSQL on a DuckDB file.

The file is opened for each step and closed after it, so that `status` and `show` in a second shell work while a
run goes on: DuckDB lets one process at a time open a file, and others wait here for their turn.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bqbatch.errors import Exists, Locked, WarehouseError
from bqbatch.warehouses import Column, DryRun, Result, Statement, Table
from bqbatch.warehouses.duckdb.translate import Translation, translate

if TYPE_CHECKING:
    import duckdb

_MACROS = (Path(__file__).parent / "macros.sql").read_text("utf-8")
_DIGEST = hashlib.sha256(_MACROS.encode()).hexdigest()
_WAIT_SECONDS = 120
_EMPTY = ("FROM (", "\n) LIMIT 0")
_TYPES = {
    "bigint": "INT64", "integer": "INT64", "smallint": "INT64", "tinyint": "INT64", "hugeint": "INT64",
    "ubigint": "INT64", "uinteger": "INT64", "usmallint": "INT64", "utinyint": "INT64",
    "double": "FLOAT64", "float": "FLOAT64", "decimal": "NUMERIC", "boolean": "BOOL", "varchar": "STRING",
    "blob": "BYTES", "date": "DATE", "time": "TIME", "timestamp": "DATETIME",
    "timestamp with time zone": "TIMESTAMP", "json": "JSON", '"null"': "INT64", "uuid": "STRING",
}  # fmt: skip


class DuckDBWarehouse:
    """A `Warehouse` in the file at `path`; unqualified names resolve in `dataset`."""

    def __init__(self, path: Path, dataset: str) -> None:
        self.path = path
        self.dataset = dataset.rpartition(".")[2]
        self._held = threading.local()

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

    def load(self, path: Path, table: str) -> None:
        """Makes a table of a file, in one transaction, unless the table is there."""
        if self.describe(table):
            return
        if path.stat().st_size == 0:
            raise WarehouseError(f"{path.name} is empty", "a seed needs a header line at least")
        schema, name = _parts(table)
        with self._open() as connection, self._transaction(connection):
            try:
                _relation(connection, path).create(f'"{schema}"."{name}"')
            except _duckdb_error() as error:
                raise _load_error(path, error) from None

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
        labels = dict(pair.partition("=")[::2] for pair in ((comment and comment[0]) or "").split("; ") if "=" in pair)
        return Table(columns, labels)

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
        connection = self._connect()
        try:
            try:
                self._prepare(connection)
            except duckdb.Error as error:
                raise self._file_error(error) from None
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
                config: dict[str, Any] = {"preserve_insertion_order": "false", "python_enable_replacements": "false"}
                return duckdb.connect(str(self.path), config=config)
            except duckdb.Error as error:
                held = re.search(r"\block\b", str(error), re.IGNORECASE)
                if "corrupt" in str(error).lower() or held is None:
                    raise self._file_error(error) from None
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
        connection.execute("SET errors_as_json = true")

    def _file_error(self, error: Exception) -> WarehouseError:
        message = str(_facts(error)[1].get("exception_message") or error)
        damaged = ("not a valid duckdb database", "checksum", "corrupt", "attempted to read", "could not read")
        if any(word in message.lower() for word in damaged):
            return WarehouseError(
                f"{self.path} is not a warehouse file, or is damaged", "move it away; the next run makes a new one"
            )
        if "Permission denied" in message or "read-only" in message.lower() or "Read-only" in message:
            return WarehouseError(f"{self.path} can't be written", "make the file and its folder writable")
        if "No space left" in message or "disk" in message.lower():
            return WarehouseError("the disk is full", f"free space on the disk of {self.path}; nothing stored is lost")
        return WarehouseError(f"{self.path} can't be opened: {message.splitlines()[0]}", None)

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
        try:
            connection.execute("COMMIT")
        except duckdb.Error as error:
            raise self._file_error(error) from None

    @contextlib.contextmanager
    def _said(self, translation: Translation, index: int = 0, shift: int = 0) -> Iterator[None]:
        """Turns DuckDB's errors into ours, with the offset in the GoogleSQL text."""
        import duckdb

        try:
            yield
        except duckdb.InterruptException:
            raise KeyboardInterrupt from None
        except duckdb.Error as error:
            raise self._statement_error(error, translation, index, shift) from None

    def _statement_error(self, error: Exception, translation: Translation, index: int, shift: int) -> WarehouseError:
        kind, facts = _facts(error)
        message = str(facts.get("exception_message") or error).strip()
        first = message.splitlines()[0]
        if kind in ("IO", "Data Corruption", "FATAL", "Fatal") or "No space left" in message:
            return self._file_error(error)
        if kind in ("OutOfMemory", "Out of Memory"):
            return WarehouseError("DuckDB ran out of memory", "ask about fewer rows at once, or use BigQuery")
        offset = None
        if str(facts.get("position", "")).isdigit():
            offset = translation.offset_of(int(facts["position"]) - shift, index)
        name, near = str(facts.get("name", "")), str(facts.get("candidates", ""))
        hint: str | None = f"did you mean {near.split(',')[0].strip()}?" if near else None
        subtype = facts.get("error_subtype")
        if subtype == "COLUMN_NOT_FOUND":
            first = f"there is no column `{name}`"
            hint = f"did you mean {' or '.join(near.split(','))}?" if near else "is it a column of FROM?"
        elif subtype == "ENTRY_ALREADY_EXISTS":
            return Exists(f"`{name}` is there already", None, offset=offset)
        elif facts.get("type") == "Table" or "Table with name" in message:
            first = f"there is no table `{name}`"
            hint = "load a file with {{ seed('file.csv') }}, or name a table as dataset.table"
        elif "multiple overloads" in message:
            # DuckDB lets a SELECT use the names it gives, but does not know their types yet.
            first = "a name that the SELECT itself gives is used where its type must be known"
            hint = "{column} and CAST take columns of FROM; make the name in a subquery or in WITH"
        elif found := re.search(r"bqbatch: (.*)", message):
            first = found[1]
            hint = _value_hint(first)
            column = re.match(r"`(\w+)`", first)
            name = column[1] if column else ""
        if offset is None and name:
            at = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", translation.source)
            offset = at.start() if at else None
        return WarehouseError(first, hint, offset=offset)


def _value_hint(message: str) -> str | None:
    if "has no text of its own" in message:
        column = message.split("`")[1]
        return f"write what it should look like: TO_JSON_STRING({column}) AS a column of FROM, or CAST its parts"
    if "can't cast" in message:
        return "SAFE_CAST gives NULL instead"
    if "PARSE_JSON" in message:
        return "SAFE.PARSE_JSON(x, wide_number_mode => 'round') gives NULL instead"
    if "TO_JSON_STRING" in message:
        return "CAST what is inside to STRING first"
    return None


def _duckdb_error() -> type[Exception]:
    import duckdb

    return duckdb.Error


def sql_type(kind: Any) -> str:
    """GoogleSQL's name of a DuckDB type."""
    if str(kind) == "JSON":
        return "JSON"
    if kind.id in ("list", "array"):
        return f"ARRAY<{sql_type(kind.children[0][1])}>"
    if kind.id == "struct":
        return f"STRUCT<{', '.join(f'{name} {sql_type(child)}' for name, child in kind.children)}>"
    return _TYPES.get(kind.id, str(kind))


def _parts(table: str) -> tuple[str, str]:
    *_, schema, name = table.strip("`").replace("`", "").split(".")
    return schema, name


def _facts(error: Exception) -> tuple[str, dict[str, Any]]:
    """The kind of DuckDB's error and what it says of itself as JSON, with or without its kind before it."""
    kind, _, rest = str(error).rpartition(" Error: ") if not str(error).startswith("{") else ("", "", str(error))
    if rest.startswith("{"):
        with contextlib.suppress(ValueError):
            facts: dict[str, Any] = json.loads(rest)
            return kind or str(facts.get("exception_type", "")), facts
    kind, _, rest = str(error).partition(" Error: ")
    return kind, {"exception_message": rest or str(error)}


def _relation(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    name = str(path)
    if path.suffix.lower() == ".parquet":
        return connection.read_parquet(name)
    if path.suffix.lower() == ".jsonl":
        return connection.read_json(name, format="newline_delimited", sample_size=-1)
    # Sniffing would take a ragged file for one of another dialect: only the separator is looked up, in the header.
    return connection.read_csv(
        name, header=True, sep=_separator(path), quotechar='"', escapechar='"', comment="", sample_size=-1,
        strict_mode=True, null_padding=False, encoding="utf-8",
        auto_type_candidates=["BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"],
    )  # fmt: skip


def _separator(path: Path) -> str:
    with path.open("rb") as handle:
        header = re.sub(rb'"[^"]*"', b"", handle.readline(1_000_000))
    return max((",", ";", "\t", "|"), key=lambda separator: header.count(separator.encode()))


def _load_error(path: Path, error: Exception) -> WarehouseError:
    _, facts = _facts(error)
    message = str(facts.get("exception_message") or error)
    line = re.search(r"[Ll]ine:? (\d+)", message)
    at = f":{line[1]}" if line else ""
    if "not utf-8 encoded" in message or "Invalid unicode" in message:
        return WarehouseError(f"{path.name}{at}: not UTF-8", "save the file as UTF-8")
    if path.suffix.lower() == ".csv" and (ragged := _ragged_line(path)):
        return ragged
    return WarehouseError(f"{path.name}{at} can't be loaded: {message.splitlines()[0]}", "is it what its name says?")


def _ragged_line(path: Path) -> WarehouseError | None:
    """The first record that does not fit the header; DuckDB's sniffer does not say which it was."""
    fields = 0
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle, delimiter=_separator(path), strict=True)
        try:
            for number, record in enumerate(reader):
                if number == 0:
                    fields = len(record)
                elif len(record) != fields and record:
                    return WarehouseError(
                        f"{path.name}:{reader.line_num}: {len(record)} fields where the header has {fields}",
                        "is a comma or a quote missing? A field with a comma, a quote or a newline needs quotes around it",
                    )
        except UnicodeDecodeError:
            return WarehouseError(f"{path.name}: not UTF-8", "save the file as UTF-8")
        except csv.Error as error:
            return WarehouseError(f"{path.name}:{reader.line_num}: {error}", "is a quote left open?")
    return None
