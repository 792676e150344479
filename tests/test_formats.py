"""Rows as files and on screens: exact where a program reads them, safe and folded where a person does."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.projects import Folder

PROMPT = """
{% output %} label STRING NOT NULL CHECK (label IN ('a', 'b')), tags ARRAY<STRING> {% endoutput %}
SELECT id AS key, word, PARSE_JSON('{"n": [1.10, null]}', wide_number_mode => 'round') AS extra, [id] AS ids,
  {{ prompt('Label {word}') }} AS prompt
FROM {{ seed('words.jsonl') }}
"""
WORDS = ["plain", 'quote " and, comma', "line\nbreak", "größe 日本", "a | b", "\x1b[31mred \u202e", "", "x" * 300]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    rows = "".join(f"{json.dumps({'id': n, 'word': word})}\n" for n, word in enumerate(WORDS))
    made = Folder.made(tmp_path / "project", monkeypatch, {"words.sql": PROMPT, "words.jsonl": rows})
    made.run("words.sql")
    return made


def written(folder: Folder, name: str, *arguments: str) -> bytes:
    said = folder.say("show", "words.sql", "-o", name, *arguments)
    assert (said.code, said.out, said.err) == (0, "", "")
    return (folder.root / name).read_bytes()


def test_every_format_has_every_row_and_value(folder: Folder) -> None:
    rows = json.loads(written(folder, "rows.json"))
    assert [row["word"] for row in rows] == WORDS
    assert [json.loads(line) for line in written(folder, "rows.jsonl").decode().splitlines()] == rows
    assert json.loads(folder.say("show", "words.sql", "--format", "json").out) == rows

    table = list(csv.DictReader(io.StringIO(written(folder, "rows.csv").decode(), newline="")))
    assert [row["word"] for row in table] == WORDS
    assert [json.loads(row["tags"]) for row in table] == [row["tags"] for row in rows]
    assert {row["extra"].replace(" ", "") for row in table} == {'{"n":[1.10,null]}'}
    assert [row["_cost_usd"] for row in table] == ["0"] * len(rows)
    assert {row["_thought_tokens"] for row in table} == {""}

    written(folder, "rows.parquet")
    back = parquet.read_table(folder.root / "rows.parquet")
    assert back.column_names == list(rows[0])
    assert back["word"].to_pylist() == WORDS
    assert back["ids"].to_pylist() == [[n] for n in range(len(WORDS))]

    head, sides, *lines = written(folder, "rows.md").decode().splitlines()
    assert head.startswith("| key | word | extra | ids | label | tags | _outcome |")
    assert sides.startswith("| ---: | --- | --- | --- |")
    assert len(lines) == len(WORDS)
    assert "| a \\| b |" in lines[4]


def test_what_show_writes_load_reads(folder: Folder) -> None:
    for name in ("rows.csv", "rows.jsonl", "rows.parquet"):
        written(folder, name, "--columns", "key,word")
        assert folder.say("load", name, "again").code == 0
        again = folder.query("SELECT * FROM again ORDER BY key")
        assert [row["word"] or "" for row in again] == WORDS


def test_standard_output_is_what_the_file_would_be(folder: Folder) -> None:
    for format_ in ("csv", "json", "jsonl", "markdown"):
        file = written(folder, "rows", "--format", format_)
        said = subprocess.run(
            [sys.executable, "-m", "bqbatch", "show", "words.sql", "--format", format_], cwd=folder.root,
            capture_output=True, check=True,
        )  # fmt: skip
        assert said.stdout == file


def test_a_table_has_twenty_rows_and_everything_else_all(folder: Folder) -> None:
    folder.write("words.jsonl", "".join(f"{json.dumps({'id': n, 'word': f'word {n}'})}\n" for n in range(9000)))
    folder.run("words.sql")
    assert folder.say("show", "words.sql").out.count("\n") == 22
    assert folder.say("show", "words.sql", "--format", "jsonl").out.count("\n") == 9000
    assert folder.say("show", "words.sql", "--format", "csv", "--limit", "3").out.count("\n") == 4
    assert len(json.loads(folder.say("query", "SELECT key FROM words", "--format", "json").out)) == 9000
    keys = [json.loads(line)["key"] for line in written(folder, "rows.jsonl", "--columns", "key").splitlines()]
    assert keys == list(range(9000))


def test_no_rows_are_a_file_of_no_rows(folder: Folder) -> None:
    nothing = ("--where", "FALSE", "--columns", "key,word")
    assert written(folder, "rows.csv", *nothing) == b"key,word\n"
    assert written(folder, "rows.json", *nothing) == b"[]\n"
    assert written(folder, "rows.jsonl", *nothing) == b""
    assert written(folder, "rows.md", *nothing) == b"| key | word |\n| ---: | --- |\n"
    written(folder, "rows.parquet", *nothing)
    assert parquet.read_table(folder.root / "rows.parquet").column_names == ["key", "word"]


def test_a_file_is_there_as_a_whole_or_not_at_all(folder: Folder) -> None:
    folder.write("rows.csv", "precious")
    sql = "SELECT CAST(IF(n = 19000, 'many', '1') AS INT64) AS x FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS n"
    for format_ in ("csv", "json", "jsonl", "markdown", "parquet", "table"):
        said = folder.say("query", sql, "-o", "rows.csv", "--format", format_)
        assert said.code == 1
        assert said.err == "error: can't cast 'many' to INT64\nhint: SAFE_CAST gives NULL instead\n"
    assert (folder.root / "rows.csv").read_text() == "precious"
    assert {path.name for path in folder.root.iterdir()} == {
        ".bqbatch", "bqbatch.toml", "rows.csv", "words.jsonl", "words.sql"
    }  # fmt: skip
    assert folder.say("query", sql, "--format", "csv").out == ""


@pytest.mark.parametrize("name", ["pipe", "link"])
def test_a_pipe_is_written_to_and_stays_one(folder: Folder, name: str) -> None:
    os.mkfifo(folder.root / "pipe")
    (folder.root / "link").symlink_to("pipe")
    reader = os.open(folder.root / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for format_ in ("csv", "json", "jsonl", "parquet", "markdown", "table"):
            said = folder.say("show", "words.sql", "-o", name, "--format", format_)
            assert (said.code, said.out, said.err) == (0, "", "")
            assert os.read(reader, 2**20) == written(folder, f"file.{format_}", "--format", format_)
        assert folder.say("show", "words.sql", "-o", name, "--columns", "nothing").code == 1
        assert os.read(reader, 1) == b""
    finally:
        os.close(reader)
    assert (folder.root / "pipe").is_fifo()
    assert (folder.root / "link").is_symlink()


def test_a_link_stays_one_and_leads_to_what_was_written(folder: Folder) -> None:
    (folder.root / "elsewhere").mkdir()
    (folder.root / "rows.csv").symlink_to("elsewhere/kept.csv")
    for columns in ("key", "key,word"):
        rows = written(folder, "rows.csv", "--columns", columns)
        assert rows.startswith(f"{columns}\n".encode())
        assert (folder.root / "rows.csv").is_symlink()
        assert [path.name for path in (folder.root / "elsewhere").iterdir()] == ["kept.csv"]
    (folder.root / "loop").symlink_to("loop")
    assert "error: can't write loop: " in folder.say("show", "words.sql", "-o", "loop", "--format", "csv").err


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="a folder of Linux")
def test_what_a_process_has_open_is_added_to(folder: Folder) -> None:
    folder.write("log", "before\n")
    line = f"{sys.executable} -m bqbatch show words.sql -o /proc/self/fd/1 --format csv --columns key >> log"
    subprocess.run(line, shell=True, cwd=folder.root, check=True, timeout=120)
    assert (folder.root / "log").read_text() == "before\nkey\n0\n1\n2\n3\n4\n5\n6\n7\n"


def test_the_format_that_is_said_counts_more_than_the_ending(folder: Folder) -> None:
    assert written(folder, "rows.csv", "--format", "jsonl").startswith(b'{"key": 0')
    assert written(folder, "rows.txt", "--columns", "key,label").startswith(b"key   label\n")


def test_the_warehouse_is_free_while_somebody_reads(folder: Folder) -> None:
    folder.write("words.jsonl", "".join(f"{json.dumps({'id': n, 'word': f'word {n}' * 9})}\n" for n in range(3000)))
    folder.run("words.sql")
    with folder.process("show", "words.sql", "--format", "jsonl") as reading:
        assert reading.stdout
        assert reading.stdout.readline().startswith('{"key": 0')  # the rest waits in the pipe
        assert reading.poll() is None
        assert folder.query("SELECT COUNT(*) AS n FROM words") == [{"n": 3000}]
        assert reading.stdout.read().count("\n") == 2999


def on_a_terminal(folder: Folder, *arguments: str) -> str:
    """What a command prints on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm"}
    command = [sys.executable, "-m", "bqbatch", *arguments]
    with subprocess.Popen(command, cwd=folder.root, stdout=theirs, env=environment) as process:
        os.close(theirs)
        drawn = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(ours, 65536):
                drawn += piece
    os.close(ours)
    assert process.returncode == 0
    return drawn.decode()


def test_wide_text_folds_on_a_terminal_and_nowhere_else(folder: Folder) -> None:
    drawn = on_a_terminal(folder, "show", "words.sql", "--where", "key = 7", "--columns", "key,word,_outcome")
    lines = re.sub(r"\x1b\[\d*m", "", drawn).splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("x") == 300
    said = folder.say("show", "words.sql", "--where", "key = 7", "--columns", "key,word,_outcome")
    assert "x" * 300 in said.out


@pytest.mark.parametrize("format_", ["table", "csv", "json", "jsonl", "markdown"])
def test_no_format_steers_a_terminal(folder: Folder, format_: str) -> None:
    shown = on_a_terminal(folder, "show", "words.sql", "--format", format_)
    assert "red" in shown
    assert "\x1b[31m" not in shown
    assert "\u202e" not in shown


# Which rows and columns.


def test_columns_come_in_the_order_they_are_named(folder: Folder) -> None:
    said = folder.say("show", "words.sql", "--columns", "_outcome, `KEY` ,label", "--format", "csv", "--limit", "1")
    assert said.out.splitlines()[0] == "_outcome,key,label"


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("key > 5", [6, 7]),
        ("key > 5 -- the last", [6, 7]),
        ("key = 1 OR key = 3", [1, 3]),
        ("key IN (SELECT MAX(key) FROM llm.words)", [7]),
        ("NOT EXISTS (SELECT 1 FROM llm.words WHERE key > 99)", list(range(8))),
        ("word LIKE '%\"%'", [1]),
        ("ARRAY_LENGTH(ids) = 2", []),
        ("(_outcome\n  = 'ok') AND key < 1", [0]),
        ("(SELECT TRUE)", list(range(8))),
    ],
)
def test_a_condition_is_googlesql(folder: Folder, where: str, keys: list[int]) -> None:
    said = folder.say("show", "words.sql", "--where", where, "--format", "json", "--columns", "key")
    assert (said.code, said.err) == (0, "")
    assert [row["key"] for row in json.loads(said.out)] == keys
