"""Lines of JSON out of the warehouse and into it: whole buffers are written and read, and no row is looked at."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from bqbatch.errors import ProjectError

if TYPE_CHECKING:
    import pyarrow

    from bqbatch.warehouses import Stream

_BLOCK, _CHUNK = 8 * 2**20, 2**20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: how many lines and bytes, and their SHA-256 in hexadecimal digits."""

    lines: int
    bytes: int
    sha256: str


def write_lines(stream: Stream, out: IO[bytes]) -> Written:
    """Writes the one column of a stream, STRING and never NULL, each of which ends with \\n.

    One batch is held while the next one is made. Raises OSError as `out` does, and WarehouseError as the stream does.
    """
    digest, lines, size = hashlib.sha256(), 0, 0
    waits = not out.seekable()  # for a reader, where Ctrl-C has to reach it

    def put(text: memoryview) -> None:
        digest.update(text)
        if not waits:
            out.write(text)

    done: Future[None] | None = None
    with ThreadPoolExecutor(1) as beside:  # hashing and writing take as long as the query
        for batch in stream.batches:
            if done:
                done.result()
            text = text_of(batch.column(0))
            done = beside.submit(put, text)
            if waits:
                out.write(text)
            lines += batch.num_rows
            size += len(text)
    if done:
        done.result()
    return Written(lines, size, digest.hexdigest())


def text_of(column: pyarrow.Array) -> memoryview:
    """All texts of a column without NULLs, one after the other: the buffer that Arrow keeps them in.

    https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-layout
    """
    import pyarrow

    wide = pyarrow.types.is_large_string(column.type)
    if not wide and not pyarrow.types.is_string(column.type):
        column = column.cast(pyarrow.string())  # a view of strings has no buffer of its own for all
    _, offsets, values = column.buffers()
    if values is None:
        return memoryview(b"")
    places = memoryview(offsets).cast("q" if wide else "i")
    return memoryview(values)[places[column.offset] : places[column.offset + len(column)]]


def as_parquet(files: Sequence[Path], to: Path) -> tuple[Path, ...]:
    """Writes the lines of files to one Parquet file: `line_id`, `file`, `number`, `line`.

    `line` is BYTES, without its end; `number` counts from 1 in its file, `line_id` in all of them; what is not UTF-8 of a
    path is spelled out in `file`. A file may be gzip, whatever its name is. Returns those that end, or break, before their
    gzip does: what could be read of them is there.
    Raises ProjectError for a file that can't be read, and where the disk is full.
    """
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    columns = pyarrow.schema(
        [
            ("line_id", pyarrow.int64()),
            ("file", pyarrow.string()),
            ("number", pyarrow.int64()),
            ("line", pyarrow.binary()),
        ]
    )
    broken, line_id = [], 1
    try:
        # Read once and dropped: neither compression nor a dictionary of lines is worth its time.
        with ParquetWriter(to, columns, compression="none", use_dictionary=["file"]) as writer:
            for file in files:
                number = 1
                name = str(file).encode("utf-8", "backslashreplace").decode()  # a name may be any bytes
                with _opened(file) as handle:
                    blocks = _Blocks(handle, file)
                    for lines in _lines(blocks):
                        end = number + len(lines)
                        arrays = [
                            pyarrow.arange(line_id, line_id + len(lines)),
                            pyarrow.repeat(name, len(lines)),
                            pyarrow.arange(number, end),
                            pyarrow.array(lines, pyarrow.binary()),
                        ]
                        writer.write_batch(pyarrow.record_batch(arrays, schema=columns))
                        number, line_id = end, line_id + len(lines)
                if blocks.broken:
                    broken.append(file)
    except OSError as error:
        raise ProjectError(
            f"can't write {to}: {error.strerror or error}", "is the disk full? TMPDIR names another"
        ) from None
    pyarrow.default_memory_pool().release_unused()
    return tuple(broken)


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> ProjectError:
    return ProjectError(f"can't read {file}: {error.strerror}", "name a file of results that you may read")


def _lines(blocks: _Blocks) -> Iterator[list[bytes]]:
    """The lines that end in each block; one may be longer than many of them."""
    rest: list[bytes] = []
    for block in blocks:
        first, *lines = block.split(b"\n")
        rest.append(first)
        if lines:
            last = lines.pop()
            yield [b"".join(rest), *lines]
            rest = [last]
    if last := b"".join(rest):
        yield [last]


@dataclass(slots=True)
class _Blocks:
    """The content of a file, unzipped where it is gzip; `broken` says afterwards whether that ended too early."""

    handle: BinaryIO
    file: Path
    broken: bool = False

    def __iter__(self) -> Iterator[bytes]:
        block = self._read(_CHUNK)
        if block.startswith(_GZIP):
            yield from self._unzipped(block)
            return
        while block:
            yield block
            block = self._read(_BLOCK)

    def _unzipped(self, chunk: bytes) -> Iterator[bytes]:
        unzip = zlib.decompressobj(wbits=31)
        try:
            while chunk:
                yield unzip.decompress(chunk, _BLOCK)
                chunk = unzip.unconsumed_tail
                if unzip.eof:  # gzip files may follow one another in one, and zeros may follow them
                    chunk = unzip.unused_data.lstrip(b"\0")
                    while not chunk and (more := self._read(_CHUNK)):
                        chunk = more.lstrip(b"\0")
                    unzip = zlib.decompressobj(wbits=31) if chunk else unzip
                elif not chunk:
                    chunk = self._read(_CHUNK)
            yield unzip.flush()
            self.broken = not unzip.eof
        except zlib.error:
            self.broken = True

    def _read(self, size: int) -> bytes:
        try:
            return self.handle.read(size)
        except OSError as error:
            raise _unreadable(self.file, error) from None
