"""DuckDB's errors in our words."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bqbatch.errors import Exists, WarehouseError
from bqbatch.warehouses.duckdb.translate import Translation

if TYPE_CHECKING:
    import pyarrow


@contextlib.contextmanager
def interrupts() -> Iterator[None]:
    """Raises KeyboardInterrupt for the two ways in which DuckDB tells of Ctrl-C."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except RuntimeError as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise


@contextlib.contextmanager
def errors_as(ours: Callable[[Exception], WarehouseError]) -> Iterator[None]:
    """Raises our error in place of DuckDB's, and KeyboardInterrupt for Ctrl-C."""
    import duckdb

    try:
        with interrupts():
            yield
    except duckdb.Error as error:
        raise ours(error) from None


def batches_of(reader: pyarrow.RecordBatchReader) -> Iterator[pyarrow.RecordBatch]:
    """The batches of a reader; what DuckDB says on the way, which Arrow passes on as text, is DuckDB's error again."""
    import duckdb

    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except OSError as error:
            if "INTERRUPT" in str(error):
                raise KeyboardInterrupt from None
            raise duckdb.Error(str(error)) from None
        yield batch


def file_error(path: Path, error: Exception) -> WarehouseError:
    """What is wrong with the file of the warehouse."""
    message = str(facts(error)[1].get("exception_message") or error)
    damaged = ("not a valid duckdb database", "checksum", "corrupt", "attempted to read", "could not read")
    if any(word in message.lower() for word in damaged):
        return WarehouseError(
            f"{path} is not a warehouse file, or is damaged", "move it away; the next run makes a new one"
        )
    if "Permission denied" in message or "read-only" in message.lower() or "Read-only" in message:
        return WarehouseError(f"{path} can't be written", "make the file and its folder writable")
    if "No space left" in message or "disk" in message.lower():
        return WarehouseError("the disk is full", f"free space on the disk of {path}; nothing stored is lost")
    return WarehouseError(f"{path} can't be opened: {message.splitlines()[0]}", None)


def statement_error(
    path: Path, error: Exception, translation: Translation, index: int = 0, shift: int = 0
) -> WarehouseError:
    """What is wrong with a statement, and at which offset of the GoogleSQL text."""
    kind, said = facts(error)
    message = str(said.get("exception_message") or error).strip()
    first = message.splitlines()[0]
    if kind in ("IO", "Data Corruption", "FATAL", "Fatal") or "No space left" in message:
        return file_error(path, error)
    if kind in ("OutOfMemory", "Out of Memory"):
        return WarehouseError("DuckDB ran out of memory", "ask about fewer rows at once, or use BigQuery")
    offset = None
    if str(said.get("position", "")).isdigit():
        offset = translation.offset_of(int(said["position"]) - shift, index)
    name, near = str(said.get("name", "")), str(said.get("candidates", ""))
    hint: str | None = f"did you mean {near.split(',')[0].strip()}?" if near else None
    subtype = said.get("error_subtype")
    if subtype == "COLUMN_NOT_FOUND":
        first = f"there is no column `{name}`"
        hint = f"did you mean {' or '.join(near.split(','))}?" if near else "is it a column of FROM?"
    elif subtype == "ENTRY_ALREADY_EXISTS":
        return Exists(f"`{name}` is there already", None, offset=offset)
    elif said.get("type") == "Table" or "Table with name" in message:
        first = f"there is no table `{name}`"
        hint = "load a file with {{ seed('file.csv') }}, or name a table as dataset.table"
    elif other := re.match(r'Referenced table "(\w+)" not found', message):
        first = f"`{other[1]}` has no such column, or is no table here"
        hint = "is the column one of its own?"
    elif "multiple overloads" in message:
        # DuckDB lets a SELECT use the names it gives, but does not know their types yet.
        first = "a name that the SELECT itself gives is used where its type must be known"
        hint = "{column} and CAST take columns of FROM; make the name in a subquery or in WITH"
    elif "unordered_map::at" in message:
        first = "an array that is joined is computed of the other side in a way that DuckDB does not take"
        hint = "make the array in a subquery or in WITH, and join UNNEST of it"
    elif "does not support the supplied arguments" in message:
        first = "a function here does not take values of this type"
        hint = "CAST them to the type it takes"
    elif found := re.search(r"bqbatch: (.*)", message):
        first = found[1]
        hint = _value_hint(first)
        column = re.match(r"`(\w+)`", first)
        name = column[1] if column else ""
    if offset is None and name:
        offset = translation.offset_of_name(name)
    return WarehouseError(first, hint, offset=offset)


def facts(error: Exception) -> tuple[str, dict[str, Any]]:
    """The kind of DuckDB's error and what it says of itself as JSON, with or without its kind before it."""
    kind, _, rest = str(error).rpartition(" Error: ") if not str(error).startswith("{") else ("", "", str(error))
    if rest.startswith("{"):
        with contextlib.suppress(ValueError):
            found: dict[str, Any] = json.loads(rest)
            return kind or str(found.get("exception_type", "")), found
    kind, _, rest = str(error).partition(" Error: ")
    return kind, {"exception_message": rest or str(error)}


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
