"""Files that become tables: CSV, JSONL and Parquet."""

from __future__ import annotations

import contextlib
import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bqbatch.errors import WarehouseError
from bqbatch.warehouses.duckdb.messages import facts
from bqbatch.warehouses.duckdb.types import loaded_type, quoted

if TYPE_CHECKING:
    import duckdb


def relation(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """The rows of a file, in types that GoogleSQL has. Raises WarehouseError where it has none for a column."""
    rows = _READERS.get(path.suffix.lower(), _read_csv)(connection, str(path))
    try:
        types = [loaded_type(kind, name) for name, kind in zip(rows.columns, rows.types, strict=True)]
    except WarehouseError as error:
        raise WarehouseError(f"{path.name}: {error.message}", error.hint) from None
    if types == list(map(str, rows.types)):
        return rows
    names = map(quoted, rows.columns)
    return rows.project(", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in zip(names, types, strict=True)))


def _read_parquet(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    return connection.read_parquet(name)


def _read_jsonl(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    # An object of many or odd keys would become a MAP, which GoogleSQL does not have.
    rows = connection.read_json(
        name, format="newline_delimited", records="true", sample_size=-1, map_inference_threshold=-1
    )
    if "DOUBLE" in str(rows.types):  # which whole numbers beyond 2^64 become
        lines = connection.read_json(name, format="newline_delimited", records="false", columns={"json": "JSON"})
        if lines.filter(_LONG_NUMBER).limit(1).fetchall() and (lossy := _line_that_loses_digits(Path(name))):
            raise lossy
    return rows


_LONG_NUMBER = r"regexp_matches(json, '[:\[,]\s*-?[0-9]{20,}\s*[,\]}]')"


def _read_csv(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    # DuckDB reads nothing from lines that end in CR LF where it is strict: we are strict in its place.
    path = Path(name)
    strict = not _has_carriage_returns(path)
    if not strict and (ragged := _ragged_line(path)):
        raise ragged

    # Sniffing would take a ragged file for one of another dialect: only the separator is looked up, in the header.
    def read(types: dict[str, str]) -> duckdb.DuckDBPyRelation:
        return connection.read_csv(
            name, header=True, sep=_separator(path), quotechar='"', escapechar='"', comment="", skiprows=0,
            sample_size=-1, strict_mode=strict, null_padding=False, encoding="utf-8", dtype=types,
            auto_type_candidates=["BOOLEAN", "BIGINT", "BIGNUM", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"],
        )  # fmt: skip

    rows = read({})
    # Whole numbers beyond INT64 are ids: they stay the text they are.
    beyond = {column: "VARCHAR" for column, kind in zip(rows.columns, rows.types, strict=True) if kind == "BIGNUM"}
    return read(beyond) if beyond else rows


_READERS = {".parquet": _read_parquet, ".jsonl": _read_jsonl}


def _has_carriage_returns(path: Path) -> bool:
    with path.open("rb") as handle:
        return any(b"\r" in block for block in iter(lambda: handle.read(1 << 20), b""))


def _separator(path: Path) -> str:
    with path.open("rb") as handle:
        header = re.sub(rb'"[^"]*"', b"", handle.readline(1_000_000))
    return max((",", ";", "\t", "|"), key=lambda separator: header.count(separator.encode()))


def load_error(path: Path, error: Exception) -> WarehouseError:
    _, said = facts(error)
    message = str(said.get("exception_message") or error)
    line = re.search(r"[Ll]ine:? (\d+)", message)
    at = f":{line[1]}" if line else ""
    if "not utf-8 encoded" in message or "Invalid unicode" in message:
        return WarehouseError(f"{path.name}{at}: not UTF-8", "save the file as UTF-8")
    if path.suffix.lower() == ".csv" and (ragged := _ragged_line(path)):
        return ragged
    if path.suffix.lower() == ".jsonl" and (odd := _odd_line(path)):
        return odd
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


def _line_that_loses_digits(path: Path) -> WarehouseError | None:
    """The first line with a whole number that FLOAT64 does not hold; DuckDB reads it rounded."""
    lossy: list[str] = []

    def whole(digits: str) -> int:
        number = int(digits)
        if abs(number) >= 2**64 and int(float(number)) != number:
            lossy.append(digits)
        return number

    with path.open(encoding="utf-8-sig") as handle:
        for number, line in enumerate(handle, 1):
            with contextlib.suppress(ValueError, OverflowError):
                json.loads(line, parse_int=whole)
            if lossy:
                return WarehouseError(
                    f"{path.name}:{number}: {lossy[0]} would lose digits", "write it in quotes, as text"
                )
    return None


def _odd_line(path: Path) -> WarehouseError | None:
    """The first line that is no object with names; DuckDB does not say which it was."""
    with path.open(encoding="utf-8-sig") as handle:
        for number, line in enumerate(handle, 1):
            try:
                value = json.loads(line) if line.strip() else {}
            except ValueError:
                return None
            if not isinstance(value, dict):
                kind = "an array" if isinstance(value, list) else "a single value"
                return WarehouseError(
                    f"{path.name}:{number}: the line is {kind}, not an object",
                    'each line is a row: {"id": 1, "text": "…"}',
                )
            if "" in value:
                return WarehouseError(f"{path.name}:{number}: a key is empty", "a column needs a name")
    return None
