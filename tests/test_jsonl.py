"""Lines of files as rows: whatever is in them, however they are compressed, and wherever they are cut."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from pyarrow import parquet

from bqbatch import jsonl
from bqbatch.errors import ProjectError

ODD = b"one\r\ntwo\n\n\xff\xfe\x00three\n\xe2\x80\xa8four\x85\x0b\x0c\nlast"
LINES = ODD.split(b"\n")


def rows(folder: Path, *contents: bytes) -> tuple[list[tuple[str, int, bytes]], tuple[Path, ...]]:
    """The rows of the Parquet file of files with these contents, named 0, 1, …; and those files that broke off."""
    files = []
    for number, content in enumerate(contents):
        files.append(folder / str(number))
        files[-1].write_bytes(content)
    broken = jsonl.as_parquet(files, folder / "lines.parquet")
    table = parquet.read_table(folder / "lines.parquet")
    assert [str(kind) for kind in table.schema.types] == ["int64", "string", "int64", "binary"]
    assert table["line_id"].to_pylist() == list(range(1, table.num_rows + 1))
    found = zip(*(table[name].to_pylist() for name in ("file", "number", "line")), strict=True)
    return [(Path(file).name, number, line) for file, number, line in found], broken


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "_BLOCK", 3)
    monkeypatch.setattr(jsonl, "_CHUNK", 2)


def test_lines_are_numbered_in_each_file_and_kept_to_the_byte(tmp_path: Path) -> None:
    found, broken = rows(tmp_path, ODD, b"", b"\n", b"a\n")
    assert found == [*(("0", n, line) for n, line in enumerate(LINES, 1)), ("2", 1, b""), ("3", 1, b"a")]
    assert broken == ()


def test_blocks_cut_no_line(tmp_path: Path, small_blocks: None) -> None:
    chance = random.Random(7)
    for _ in range(50):
        content = bytes(chance.choices(b"ab\n\r\xff", k=chance.randrange(40)))
        lines = content.split(b"\n") if content else []
        expected = [("0", n, line) for n, line in enumerate(lines[:-1] if content.endswith(b"\n") else lines, 1)]
        assert rows(tmp_path, content) == (expected, ())
        assert rows(tmp_path, gzip.compress(content)) == (expected, ())


@pytest.mark.parametrize("pad", [b"", b"\0" * 9])
def test_gzip_is_known_by_what_it_is_and_may_have_several_parts(tmp_path: Path, pad: bytes) -> None:
    content = gzip.compress(ODD[:9]) + gzip.compress(b"") + gzip.compress(ODD[9:]) + pad
    assert rows(tmp_path, content) == ([("0", n, line) for n, line in enumerate(LINES, 1)], ())


def test_gzip_that_is_cut_gives_what_can_be_read_and_says_so(tmp_path: Path) -> None:
    chance = random.Random(7)
    lines = [chance.randbytes(20).hex().encode() for _ in range(2_000)]
    packed = gzip.compress(b"\n".join(lines))
    for size in (11, len(packed) // 2, len(packed) - 9, len(packed) - 1):
        found, broken = rows(tmp_path, packed[:size])
        *whole, last = [line for _, _, line in found] or [b""]
        assert whole == lines[: len(whole)]
        assert lines[len(whole)].startswith(last)
        assert len(whole) >= len(lines) * size // len(packed) - 400
        assert broken == (tmp_path / "0",)


def test_gzip_that_is_damaged_or_followed_by_other_bytes_says_so(tmp_path: Path) -> None:
    packed = gzip.compress(ODD)
    assert rows(tmp_path, packed + b"more")[1] == (tmp_path / "0",)
    assert rows(tmp_path, packed + b"more")[0] == [("0", n, line) for n, line in enumerate(LINES, 1)]
    assert rows(tmp_path, packed[:10] + b"\xff" * 9)[1] == (tmp_path / "0",)


def test_a_line_may_be_longer_than_many_blocks(tmp_path: Path) -> None:
    long = b"x" * (3 * jsonl._BLOCK + 5)
    assert rows(tmp_path, b"a\n" + long + b"\nb\n")[0] == [("0", 1, b"a"), ("0", 2, long), ("0", 3, b"b")]


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=f"can't read {tmp_path}"):
        jsonl.as_parquet([tmp_path], tmp_path / "lines.parquet")
    with pytest.raises(ProjectError, match="can't write"):
        jsonl.as_parquet([], tmp_path / "nowhere" / "lines.parquet")


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_bytes(b"x" * 1_000_000)
    with pytest.raises(ProjectError, match="can't write /dev/full") as told:
        jsonl.as_parquet([tmp_path / "results.jsonl"], Path("/dev/full"))
    assert told.value.hint == "is the disk full? TMPDIR names another"
