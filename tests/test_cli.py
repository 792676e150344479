"""The command line: what goes to stdout and what to stderr, exit codes, formats, and a warehouse file in trouble."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import resource
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from bqbatch import __version__
from tests.projects import Folder

OUTPUT = "{% output %} label STRING NOT NULL CHECK (label IN ('a', 'b')) {% endoutput %}"
PROMPT = (
    f"{OUTPUT} SELECT id AS key, word, {{{{ prompt('Label {{word}}') }}}} AS prompt FROM {{{{ seed('words.csv') }}}}"
)
SKIPPED = "note: 1 row is skipped: `word` is NULL ({column|'…'} gives a default)\n"
NASTY = "\x1b[31mred\x1b[0m \x9b2J \u202egnirts\u200b \x07\x7f"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    words = "id,word\n" + "".join(f"{key},word {key}\n" for key in range(1, 11)) + "11,\n"
    return Folder.made(tmp_path / "project", monkeypatch, {"words.sql": PROMPT, "words.csv": words})


# What is printed where.


def test_the_summary_is_the_result_and_notes_are_not(folder: Folder) -> None:
    said = folder.say("run", "words.sql")
    assert said.code == 0
    assert said.out.splitlines() == [
        "     rows  11 (10 ok, 1 skipped)",
        " requests  10 asked of simulated, 0 rows reused",
        "   tokens  31 in, 40 out, $0.00",
        "     view  llm.words",
        "     next  bqbatch show words.sql",
    ]
    plan = "note: plan: 10 requests to simulated, 321 tokens in, about 100 out (50 to 110)\n"
    assert said.err == SKIPPED + plan


def test_the_next_command_works_as_it_is_printed(folder: Folder) -> None:
    folder.write(
        "my words/it's.sql", PROMPT.replace("words.csv", "../words.csv").join(["{{ config(name = 'its') }}", ""])
    )
    next_command = folder.say("run", "my words/it's.sql").out.splitlines()[-1].removeprefix("     next  bqbatch ")
    shell = f"{sys.executable} -m bqbatch {next_command}"
    shown = subprocess.run(shell, shell=True, capture_output=True, text=True, check=True).stdout
    assert len(re.findall(r" word \d", shown)) == 10


def test_a_table_shows_the_columns_one_looks_at(folder: Folder) -> None:
    folder.run("words.sql")
    said = folder.say("show", "words.sql", "--limit", "2")
    assert said.out.splitlines() == [
        "key   word     label   _outcome   _model",
        "───────────────────────────────────────────",
        "  1   word 1   b       ok         simulated",
        "  2   word 2   b       ok         simulated",
    ]


def test_a_table_shows_errors_where_there_are_some(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "truncated:100%")
    assert "the answer reached the output cap" in folder.say("show", "words.sql").out


def test_json_of_show_has_every_column_in_order(folder: Folder) -> None:
    folder.run("words.sql")
    rows = json.loads(folder.say("show", "words.sql", "--format", "json").out)
    assert list(rows[0]) == [
        "key", "word", "label", "_outcome", "_error", "_text", "_finish_reason", "_model", "_run_id", "_request_hash",
        "_input_tokens", "_output_tokens", "_thought_tokens", "_cost_usd",
    ]  # fmt: skip
    assert [row["key"] for row in rows] == list(range(1, 12))


def test_json_of_a_query_is_exact(folder: Folder) -> None:
    sql = """
        SELECT 9007199254740993 AS i, CAST('1.10' AS NUMERIC) AS n, DATE '2026-01-02' AS d, 0.5 AS f, [1, 2] AS a,
          STRUCT('x' AS s, [STRUCT(TRUE AS b)] AS l) AS st, CAST(NULL AS STRING) AS nothing,
          TIMESTAMP '2026-01-02 03:04:05+00' AS ts, PARSE_JSON('{"k": [null]}', wide_number_mode => 'round') AS j
    """
    assert folder.query(sql) == [{
        "i": "9007199254740993", "n": "1.1", "d": "2026-01-02", "f": 0.5, "a": [1, 2], "st": {"s": "x", "l": [{"b": True}]},
        "nothing": None, "ts": "2026-01-02T03:04:05Z", "j": {"k": [None]},
    }]  # fmt: skip


def test_a_query_may_come_from_standard_input(folder: Folder) -> None:
    assert (
        folder.say("query", "-", "--format", "json", stdin="SELECT 'ü' AS x\n").out == '[\n  {\n    "x": "ü"\n  }\n]\n'
    )
    said = folder.say("query", "-", stdin=b"SELECT '\xff' AS x")
    assert (said.code, said.err.partition("\n")[0]) == (
        1, "error: query:1:9: the text holds U+DCFF, which is no character",
    )  # fmt: skip


def test_a_query_of_no_rows_prints_the_columns(folder: Folder) -> None:
    assert folder.say("query", "SELECT 1 AS one, 'x' AS two FROM UNNEST([1]) AS n WHERE FALSE").out.split()[:2] == [
        "one",
        "two",
    ]
    assert folder.query("SELECT 1 AS one FROM UNNEST([1]) AS n WHERE FALSE") == []


@pytest.mark.parametrize("arguments", [
    ("show", "words.sql"), ("show", "words.sql", "--format", "json"), ("query", "SELECT * FROM words"),
    ("query", "SELECT * FROM words", "--format", "json"), ("query", "SELECT word AS `\x1b[31m` FROM words"),
    ("query", f"SELECT '{NASTY}' AS x, 1 +"), ("query", f"SELECT `{NASTY}` FROM words"),
    ("run", f"{NASTY}.sql"), ("run", "words.sql", "--model", NASTY), ("status",),
])  # fmt: skip
def test_control_characters_never_reach_the_terminal(folder: Folder, arguments: tuple[str, ...]) -> None:
    folder.write("words.jsonl", "".join(f"{json.dumps({'id': n, 'word': NASTY})}\n" for n in range(2)))
    folder.write("words.sql", PROMPT.replace("words.csv", "words.jsonl"))
    folder.run("words.sql")
    said = folder.say(*arguments)
    shown = {char for char in said.out + said.err if unicodedata.category(char) in ("Cc", "Cf")}
    assert shown <= {"\n"}


def test_several_prompts_run_in_one_command(folder: Folder) -> None:
    folder.write("other.sql", PROMPT)
    said = folder.say("run", "words.sql", "other.sql")
    assert [line.split()[1] for line in said.out.splitlines() if "view" in line] == ["llm.words", "llm.other"]
    said = folder.say("run", "words.sql", "other.sql", "--format", "json")
    assert [(result["name"], result["requests"]) for result in json.loads(said.out)] == [("words", 0), ("other", 0)]


def test_a_prompt_that_cannot_be_read_keeps_all_from_running(folder: Folder) -> None:
    folder.write("other.sql", "SELECT nothing")
    said = folder.say("run", "words.sql", "other.sql")
    assert (said.code, said.out, folder.tables()) == (1, "", set())


def test_results_are_printed_where_a_later_prompt_fails(folder: Folder) -> None:
    folder.write("other.sql", "SELECT 1 AS key, word AS prompt FROM llm.nowhere")
    said = folder.say("run", "words.sql", "other.sql", "--format", "json")
    assert said.code == 1
    assert [result["name"] for result in json.loads(said.out)] == ["words"]
    assert "there is no table" in said.err


# Exit codes.


def test_rows_that_are_not_ok_may_fail_a_run(folder: Folder) -> None:
    folder.write("words.csv", "id,word\n1,a\n2,b\n3,c\n4,d\n5,\n6,\n7,g\n8,h\n9,i\n10,j\n11,k\n")
    rules = {
        "any": 3, "10%": 3, "19%": 0, "100%": 0, "0%": 3, "skipped": 3, "failed": 0, "failed, skipped": 3,
        "failed,missing,truncated": 0,
    }  # fmt: skip
    for rule, code in rules.items():
        said = folder.say("run", "words.sql", "--fail-on", rule, "--format", "json")
        assert (said.code, json.loads(said.out)["outcomes"]) == (code, {"ok": 9, "skipped": 2}), rule
        assert ("error: --fail-on: 2 skipped of 11 rows\nhint: see why: bqbatch query" in said.err) == (code == 3), rule


def test_a_failed_rule_names_every_outcome_and_a_command_that_works(folder: Folder) -> None:
    said = folder.say("run", "words.sql", "--simulate", "400:50%,blocked:50%", "--fail-on", "any")
    assert said.code == 3
    assert "error: --fail-on: " in said.err
    assert " failed" in said.err
    assert " blocked" in said.err
    hint = said.err.partition("hint: see why: ")[2].strip()
    shell = hint.replace("bqbatch", f"{sys.executable} -m bqbatch", 1)
    assert subprocess.run(shell, shell=True, capture_output=True, text=True, check=True).stdout.count("blocked: ") > 0


def test_the_version_is_printed(folder: Folder) -> None:
    assert folder.say("--version").out == f"bqbatch, version {__version__}\n"


def test_yes_is_taken(folder: Folder) -> None:
    assert folder.say("run", "words.sql", "--yes", "--model", "simulated", "--simulate", "").code == 0


def test_the_command_line_names_the_model_before_the_prompt_does(folder: Folder) -> None:
    folder.write("words.sql", f"{{{{ config(model = 'gemini-3.5-flash') }}}}{PROMPT}")
    assert folder.run("words.sql", "--model", "simulated")["model"] == "simulated"
    assert folder.run("words.sql", "--simulate", "")["requests"] == 0


# As a process.


def test_a_reader_that_leaves_is_no_error(folder: Folder) -> None:
    folder.run("words.sql")
    for command in (
        ["query", "SELECT * FROM words"],
        ["query", "SELECT * FROM words", "--format", "json"],
        ["run", "words.sql"],
    ):
        with folder.process(*command) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert process.stderr.read() == ("" if command[0] == "query" else SKIPPED)


@pytest.mark.parametrize(
    "arguments", [["query", b"SELECT '\xff'"], ["run", b"\xff.sql"], ["run", "words.sql", "--var", b"a=\xff"]]
)
def test_arguments_that_are_no_text_are_told(folder: Folder, arguments: list[str | bytes]) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "bqbatch", *arguments], cwd=folder.root, capture_output=True, text=True
    )
    assert said.returncode == 1
    assert said.stderr.startswith("error: ")


def test_progress_is_drawn_on_a_terminal_and_only_there(folder: Folder) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bqbatch", "run", "words.sql"]
    with subprocess.Popen(command, cwd=folder.root, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        drawn = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(ours, 65536):
                drawn += piece
        os.close(ours)
        assert process.stdout
        out = process.stdout.read()
    assert (process.returncode, out.splitlines()[0]) == (0, "     rows  11 (10 ok, 1 skipped)")
    assert "\x1b" not in out
    assert b"publishing" in drawn
    assert b"\x1b[" in drawn


# A warehouse file in trouble.


def test_a_locked_warehouse_is_waited_for_and_then_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.run("words.sql")
    monkeypatch.setattr("bqbatch.warehouses.duckdb._WAIT_SECONDS", 0.3)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(folder.warehouse.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdin
        holder.stdout.readline()
        for command in (["run", "words.sql"], ["show", "words.sql"], ["query", "SELECT 1 AS x"], ["status"]):
            said = folder.say(*command)
            assert said.code == 1
            assert said.err.startswith(f"error: {folder.warehouse.path} is in use by process {holder.pid}\nhint: ")
        holder.stdin.close()
    assert folder.run("words.sql")["requests"] == 0


def test_a_warehouse_that_is_busy_for_a_moment_is_waited_for(folder: Folder) -> None:
    folder.run("words.sql")
    hold = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(0.5)"
    with subprocess.Popen([sys.executable, "-c", hold, str(folder.warehouse.path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert folder.run("words.sql")["requests"] == 0


def test_a_file_that_is_no_warehouse_is_left_alone(folder: Folder) -> None:
    path = folder.write(".bqbatch/warehouse.duckdb", "Dear diary, today " * 1000)
    for command in (["run", "words.sql"], ["show", "words.sql"], ["query", "SELECT 1 AS x"]):
        said = folder.say(*command)
        assert said.code == 1
        assert said.err == (
            f"error: {path} is not a warehouse file, or is damaged\nhint: move it away; the next run makes a new one\n"
        )
    assert path.read_text().startswith("Dear diary")


@pytest.mark.parametrize("keep", [0.1, 0.9])
def test_a_warehouse_that_was_cut_off_is_told(folder: Folder, keep: float) -> None:
    folder.run("words.sql")
    path = folder.warehouse.path
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    said = folder.say("run", "words.sql")
    assert said.code == 1
    assert said.err.startswith("error: ")
    assert "hint: " in said.err


def test_a_folder_that_cannot_be_made_is_told(folder: Folder) -> None:
    folder.write(".bqbatch", "")
    said = folder.say("run", "words.sql")
    assert (said.code, said.err.partition("\n")[0]) == (1, f"error: can't make {folder.root}/.bqbatch: File exists")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_warehouse_is_told(folder: Folder) -> None:
    folder.run("words.sql")
    folder.warehouse.path.chmod(0o400)
    said = folder.say("run", "words.sql")
    assert (said.code, said.err.splitlines()[1]) == (1, "hint: make the file and its folder writable")


@pytest.mark.parametrize("megabytes", [0.2, 2])
def test_a_full_disk_loses_nothing_that_was_stored(folder: Folder, megabytes: float) -> None:
    folder.run("words.sql")
    answered = folder.value("SELECT COUNT(*) AS n FROM words__answers")
    folder.write("words.csv", "id,word\n" + "".join(f"{n},{os.urandom(40).hex()}\n" for n in range(20_000)))
    limit = int(folder.warehouse.path.stat().st_size + megabytes * 2**20)
    said = subprocess.run(
        [sys.executable, "-m", "bqbatch", "run", "words.sql"], cwd=folder.root, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("error: ")
    assert "hint: " in said.stderr
    assert "Traceback" not in said.stderr
    assert folder.query("SELECT COUNT(*) AS n FROM words") == [{"n": 11}]
    assert folder.value("SELECT COUNT(*) AS n FROM words__answers") >= answered
    assert folder.run("words.sql")["outcomes"] == {"ok": 20_000}
    assert folder.left_behind() == set()
