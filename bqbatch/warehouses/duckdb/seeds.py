"""Files that become tables: CSV, JSONL and Parquet."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bqbatch.errors import WarehouseError
from bqbatch.warehouses.duckdb.messages import facts

if TYPE_CHECKING:
    import duckdb


def relation(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    name = str(path)
    if path.suffix.lower() == ".parquet":
        return connection.read_parquet(name)
    if path.suffix.lower() == ".jsonl":
        return connection.read_json(name, format="newline_delimited", sample_size=-1)
    # Sniffing would take a ragged file for one of another dialect: only the separator is looked up, in the header.
    return connection.read_csv(
        name, header=True, sep=_separator(path), quotechar='"', escapechar='"', comment="", skiprows=0, sample_size=-1,
        strict_mode=True, null_padding=False, encoding="utf-8",
        auto_type_candidates=["BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"],
    )  # fmt: skip


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
