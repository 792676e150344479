"""Rows as a table, CSV, JSON, JSONL, Parquet or Markdown, on stdout or in a file.

Rows are written to a temporary file as they come, so that the warehouse is free before anybody reads them, however
slowly, and an error leaves neither half an output nor half a file.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bqbatch.errors import ProjectError
from bqbatch.values import as_json, as_text, printable, records, to_json
from bqbatch.warehouses import Result, Stream

if TYPE_CHECKING:
    from bqbatch.queries import Query

_IN_MEMORY = 16 * 2**20
_NUMBERS = ("INT64", "FLOAT64", "NUMERIC")


def write(query: Query, format_: str, file: Path | None, shown: Collection[str] | None = None) -> None:
    """Writes the rows of a query; a table shows, of bqbatch's own columns, those of `shown` (None: all).

    Raises WarehouseError for the query, and ProjectError where the file can't be written, or nobody can read the rows.
    """
    if file is None and sys.stdout is None:
        raise ProjectError("standard output is closed", "-o FILE")
    if format_ == "table":
        from bqbatch.screen import show_table

        result = query.read()
        if file is None:
            show_table(result, shown)
            return
        with replaced(file) as handle:
            show_table(result, shown, codecs.getwriter("utf-8")(handle, "replace"))
        return
    with replaced(file) if file else _spooled() as handle, query.stream() as stream:
        _WRITERS[format_](stream, handle)


@contextlib.contextmanager
def replaced(file: Path, otherwise: str = "") -> Iterator[IO[bytes]]:
    """A file that takes the place of the named one when all is written.

    A link stays a link, and leads to what was written. A device or a pipe is written to, and stays what it is.
    Raises ProjectError where it can't be written; `otherwise` goes on with the hint.
    """
    try:
        if file.is_dir():
            raise ProjectError(f"{file} is a folder", "name a file")
        with _passed_on(file) if is_stream(file) else _renamed(Path(os.path.realpath(file))) as handle:
            yield handle
    except OSError as error:
        hint = (
            "make the folder first"
            if isinstance(error, FileNotFoundError)
            else "is the folder writable, the disk full?"
        )
        raise ProjectError(
            f"can't write {file}: {error.strerror or error}", ", ".join(filter(None, (hint, otherwise)))
        ) from None


def is_stream(file: Path) -> bool:
    """Whether a path is a device, a pipe or what a process has open (/dev/stdout): nothing that a file may replace."""
    try:
        ordinary = stat.S_ISREG(file.stat().st_mode)
    except FileNotFoundError:
        return False
    folder = Path(os.path.realpath(file.parent))
    return not ordinary or folder in (Path("/dev"), Path("/dev/fd")) or folder.is_relative_to("/proc")


@contextlib.contextmanager
def _renamed(file: Path) -> Iterator[IO[bytes]]:
    made = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with made.open("xb") as handle:
            yield handle
        made.replace(file)
    finally:
        made.unlink(missing_ok=True)


@contextlib.contextmanager
def _passed_on(file: Path) -> Iterator[IO[bytes]]:
    """A file whose content goes to a device or a pipe when all is written; what `>>` appends to keeps what it has."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as handle:
        yield handle
        handle.seek(0)
        with file.open("ab") as out:
            shutil.copyfileobj(handle, out)


@contextlib.contextmanager
def _spooled() -> Iterator[IO[bytes]]:
    """A file that goes to stdout when all is written; to a terminal without what could steer it."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as handle:
        try:
            yield handle
        except OSError as error:
            raise ProjectError(f"can't write to {tempfile.gettempdir()}: {error.strerror}", "-o FILE") from None
        handle.seek(0)
        safe: Callable[[str], str] = (lambda line: printable(line, keep="\n")) if sys.stdout.isatty() else str
        for line in handle:
            sys.stdout.write(safe(line.decode()))
        sys.stdout.flush()


def _results(stream: Stream) -> Iterator[Result]:
    for batch in stream.batches:
        yield Result(stream.columns, tuple(zip(*(column.to_pylist() for column in batch.columns), strict=True)))


class _Lines:
    """Lines that end in \\n: the writer quotes the characters of its own line end, and both have to be quoted."""

    def __init__(self, handle: codecs.StreamWriter) -> None:
        self._handle = handle

    def write(self, line: str) -> None:
        self._handle.write(line.removesuffix("\r\n") + "\n")


def _csv(stream: Stream, handle: IO[bytes]) -> None:
    writer = csv.writer(_Lines(codecs.getwriter("utf-8")(handle, "replace")), lineterminator="\r\n")
    writer.writerow(column.name for column in stream.columns)
    for result in _results(stream):
        writer.writerows(
            [_cell(value, column.type) for value, column in zip(row, stream.columns, strict=True)]
            for row in result.rows
        )


def _cell(value: Any, sql_type: str) -> str:
    """A value as CSV has it: NULL is empty, JSON its text, an array or STRUCT as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    made = to_json(value, sql_type)
    return made if isinstance(made, str) else json.dumps(made, ensure_ascii=False)


def _json(stream: Stream, handle: IO[bytes]) -> None:
    before = "["
    for row in _records(stream):
        _write(handle, [before, "\n", as_json([row])[2:-2]])
        before = ","
    _write(handle, ["[]\n" if before == "[" else "\n]\n"])


def _records(stream: Stream) -> Iterator[dict[str, Any]]:
    return (row for result in _results(stream) for row in records(result))


def _jsonl(stream: Stream, handle: IO[bytes]) -> None:
    _write(handle, (f"{as_json(row, indent=None)}\n" for row in _records(stream)))


def _markdown(stream: Stream, handle: IO[bytes]) -> None:
    def line(cells: Iterable[str]) -> str:
        escaped = (cell.replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(escaped)} |\n"

    names = (printable(column.name) for column in stream.columns)
    sides = ("---:" if column.type in _NUMBERS else "---" for column in stream.columns)
    _write(handle, [line(names), line(sides)])
    for result in _results(stream):
        kinds = [column.type for column in result.columns]
        _write(handle, (line(map(as_text, row, kinds)) for row in result.rows))


def _write(handle: IO[bytes], lines: Iterable[str]) -> None:
    handle.writelines(line.encode("utf-8", "replace") for line in lines)


def _parquet(stream: Stream, handle: IO[bytes]) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(handle, stream.schema, compression="zstd") as writer:
        for batch in stream.batches:
            writer.write_batch(batch)


_WRITERS: dict[str, Callable[[Stream, IO[bytes]], None]] = {
    "csv": _csv, "json": _json, "jsonl": _jsonl, "parquet": _parquet, "markdown": _markdown,
}  # fmt: skip
