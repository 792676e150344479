"""The commands around a run: retry, errors, history, load, clean, init and doctor, through the command line."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bqbatch.starter import FILES
from bqbatch.warehouses import Statement
from tests.projects import Folder, Row
from tests.test_run import PROMPT, WORDS, claim, run_with, seed


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project whose warehouse other processes may open."""
    return Folder.made(tmp_path / "project", monkeypatch, {"words.sql": PROMPT, "words.csv": seed(WORDS)})


@pytest.fixture
def folder(shared: Folder) -> Iterator[Folder]:
    with shared.opened():
        yield shared


def told(folder: Folder, *arguments: str) -> Any:
    """What a command that ends well prints as JSON."""
    said = folder.say(*arguments, "--format", "json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def retried(folder: Folder, *arguments: str) -> Row:
    result: Row = told(folder, "retry", "words.sql", *arguments)
    return result


def caps(folder: Folder) -> list[str | None]:
    """The output cap of each answer's request, in the order of their attempts."""
    sql = "SELECT JSON_VALUE(request, '$.generationConfig.maxOutputTokens') AS cap FROM words__answers ORDER BY attempt"
    return [row["cap"] for row in folder.query(sql)]


# retry


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("400", "failed"), ("truncated", "truncated"), ("blocked", "blocked"), ("bad_json", "invalid_json"), ("schema", "schema_mismatch")],
)  # fmt: skip
def test_a_retry_asks_the_rows_of_an_outcome_again(folder: Folder, fault: str, outcome: str) -> None:
    folder.run("words.sql", "--simulate", f"{fault}:100%")
    other = "failed" if outcome != "failed" else "blocked"
    assert retried(folder, "--outcome", other)["requests"] == 0
    result = retried(folder, "--outcome", f"{other}, {outcome}")
    assert (result["requests"], result["reused"], result["outcomes"]) == (4, 0, {"ok": 5, "skipped": 1})
    assert retried(folder, "--outcome", outcome)["requests"] == 0
    assert folder.left_behind() == set()


def test_a_retry_asks_what_any_run_asks_too(folder: Folder) -> None:
    folder.run("words.sql", "--limit", "1", "--simulate", "truncated:100%")
    folder.run("words.sql", "--limit", "1", "--simulate", "429:100%")
    result = retried(folder, "--outcome", "truncated")
    assert (result["requests"], result["outcomes"]) == (4, {"ok": 5, "skipped": 1})


def test_a_retry_asks_beyond_the_last_attempt(folder: Folder) -> None:
    for _ in range(4):
        folder.run("words.sql", "--simulate", "429:100%")
    assert folder.value("SELECT MAX(attempt) AS n FROM words__answers") == 3
    assert retried(folder, "--outcome", "missing")["requests"] == 0
    assert retried(folder, "--outcome", "retryable")["outcomes"] == {"ok": 5, "skipped": 1}
    assert folder.value("SELECT MAX(attempt) AS n FROM words__answers") == 4


def test_a_larger_cap_is_sent_and_keeps_the_row(folder: Folder) -> None:
    folder.write("words.sql", f"{{{{ config(max_output_tokens = 10) }}}}{PROMPT}")
    folder.run("words.sql", "--simulate", "truncated:100%")
    before = folder.query("SELECT key, _request_hash FROM words ORDER BY key")
    result = retried(folder, "--outcome", "truncated", "--max-output-tokens", "4000")
    assert (result["requests"], result["reused"]) == (4, 0)
    assert folder.query("SELECT key, _request_hash FROM words ORDER BY key") == before
    assert caps(folder) == ["10"] * 4 + ["4000"] * 4
    assert folder.run("words.sql")["requests"] == 0


def test_a_worse_answer_to_a_retry_hides_no_good_one(folder: Folder) -> None:
    folder.run("words.sql")
    before = folder.query("SELECT * FROM words ORDER BY key")
    worse = retried(folder, "--outcome", "ok", "--simulate", "blocked:100%")
    assert (worse["requests"], worse["reused"], worse["outcomes"]) == (4, 5, {"ok": 5, "skipped": 1})
    assert folder.query("SELECT * FROM words ORDER BY key") == before
    assert retried(folder, "--outcome", "blocked")["requests"] == 0  # none is shown


def test_the_outcome_that_is_shown_is_the_one_that_counts(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "400:100%")
    retried(folder, "--outcome", "failed", "--simulate", "truncated:100%")
    assert retried(folder, "--outcome", "failed")["requests"] == 0
    assert retried(folder, "--outcome", "truncated", "--limit", "1")["requests"] == 1


def test_a_retry_may_fail_a_script(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "400:100%")
    said = folder.say("retry", "words.sql", "--outcome", "failed", "--simulate", "400:100%", "--fail-on", "failed")
    assert said.code == 3
    assert "next  bqbatch show words.sql" in said.out


# errors


def test_errors_are_told_by_kind_and_then_row_by_row(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "truncated:40%,400:30%,bad_json:30%")
    rows = told(folder, "errors", "words.sql")
    assert {row["key"] for row in rows} == set(WORDS)
    assert [row["key"] for row in rows] == sorted(WORDS)
    outcomes = [row["_outcome"] for row in rows]
    kinds, _, listed = folder.say("errors", "words.sql").out.partition("\n\n")
    lines = kinds.splitlines()[2:]
    assert outcomes.count(lines[0].split()[0]) == max(map(outcomes.count, outcomes))
    assert {line.split()[0] for line in lines} == set(outcomes)
    assert next(line for line in lines if line.startswith("skipped")).split()[1:] == ["`word`", "is", "NULL", "1", "4"]
    assert len(listed.splitlines()) == 2 + len(rows)
    assert [row["key"] for row in told(folder, "errors", "words.sql", "--outcome", "skipped")] == [4]
    assert len(told(folder, "errors", "words.sql", "--limit", "2")) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("truncated", "the answer reached the output cap"),
        ("400", "Request contains an invalid argument."),
        ("429", "Resource exhausted. Please try again later."),
        ("blocked", "blocked: PROHIBITED_CONTENT"),
        ("bad_json", "the answer is not JSON"),
        ("schema", "the answer is a JSON array, not an object"),
        ("missing", "asked, but no row came back"),
    ],
)
def test_what_differs_from_row_to_row_makes_no_kind_of_its_own(folder: Folder, fault: str, kind: str) -> None:
    folder.write("words.csv", seed({key: f"word {key}" * key for key in range(1, 9)}))
    folder.run("words.sql", "--simulate", f"{fault}:100%")
    kinds = folder.say("errors", "words.sql").out.partition("\n\n")[0].splitlines()[2:]
    assert len(kinds) == 1
    assert f"  {kind}  " in kinds[0]
    assert kinds[0].split()[-2:] == ["8", "1"]


def test_rows_that_are_all_ok_have_no_errors(folder: Folder) -> None:
    folder.write("words.csv", seed({1: "red"}))
    folder.run("words.sql")
    assert told(folder, "errors", "words.sql") == []


# history and status


def test_history_tells_every_run_and_what_it_came_to(folder: Folder) -> None:
    first = folder.run("words.sql", "--simulate", "400:100%")
    again = retried(folder, "--outcome", "failed")
    folder.write("words.csv", "id,word\n1,a\n1,b\n")
    assert folder.say("run", "words.sql").code == 1
    folder.write("other.sql", "SELECT 1 AS key, 'x' AS prompt")
    folder.run("other.sql")
    failed, *rows = told(folder, "history", "words.sql")
    assert (failed["state"], failed["outcomes"], failed["requests"]) == ("failed", None, None)
    assert "1 key stands more than once" in failed["message"]
    for row, result in zip(rows, (again, first), strict=True):
        assert row["state"] == "finished"
        assert row["row_count"] == result["rows"]
        for name in ("run_id", "model", "requests", "reused", "outcomes", "input_tokens", "output_tokens"):
            assert row[name] == result[name], name
        assert float(row["cost_usd"]) == result["cost_usd"]
        assert 0 < row["seconds"] < 60
    assert [row["prompt"] for row in told(folder, "history")] == ["other", "words", "words", "words"]
    assert len(told(folder, "history", "--limit", "1")) == 1


def test_status_tells_what_goes_on_and_waits_and_each_latest_run(folder: Folder) -> None:
    late = folder.run("words.sql", "--simulate", "late:100%")
    folder.write("words.csv", "id,word\n1,a\n1,b\n")
    assert [(row["run_id"], row["uncollected"]) for row in told(folder, "status")] == [(late["run_id"], 1)]
    folder.write("words.csv", seed(WORDS))
    folder.run("words.sql")
    folder.write("other.sql", "SELECT 1 AS key, 'x' AS prompt")
    folder.run("other.sql")
    assert [(row["prompt"], row["state"], row["uncollected"]) for row in told(folder, "status")] == [
        ("other", "finished", 0), ("words", "finished", 0)
    ]  # fmt: skip
    assert [row["prompt"] for row in told(folder, "status", "other.sql")] == ["other"]


def test_history_and_status_read_the_log_of_an_older_version(folder: Folder) -> None:
    result = folder.run("words.sql")
    for name in ("runs", "jobs"):  # as an older version made them, with fewer columns
        older = (
            f"CREATE OR REPLACE VIEW `llm.bqbatch_{name}` AS SELECT run_id, prompt FROM `llm.bqbatch_log` GROUP BY 1, 2"
        )
        folder.warehouse.execute(Statement(older, f"older_{name}"))
    assert [(row["run_id"], row["row_count"]) for row in told(folder, "history")] == [(result["run_id"], 6)]
    assert [(row["run_id"], row["ok"]) for row in told(folder, "status")] == [(result["run_id"], 5)]
    assert told(folder, "clean") == []


# load


def test_a_file_becomes_a_table_that_a_prompt_reads(folder: Folder) -> None:
    said = folder.say("load", "words.csv", "raw.colours")
    assert (said.code, said.out, said.err) == (0, "raw.colours: 6 rows, 2 columns\n", "")
    folder.write("words.sql", PROMPT.replace("seed('words.csv')", "source('raw.colours')"))
    assert folder.run("words.sql")["outcomes"] == {"ok": 5, "skipped": 1}


def test_what_load_made_it_makes_anew(folder: Folder) -> None:
    folder.say("load", "words.csv", "colours")
    folder.write("words.csv", "id,word,extra\n1,a,b\n")
    made = told(folder, "load", "words.csv", "colours")
    assert made == {"table": "llm.colours", "rows": 1, "columns": {"id": "INT64", "word": "STRING", "extra": "STRING"}}
    assert folder.query("SELECT * FROM colours") == [{"id": 1, "word": "a", "extra": "b"}]


def test_a_load_that_fails_leaves_the_table(folder: Folder) -> None:
    folder.say("load", "words.csv", "colours")
    folder.write("words.csv", "id,word\n1,a,b\n")
    assert folder.say("load", "words.csv", "colours").code == 1
    assert folder.value("SELECT COUNT(*) AS n FROM colours") == 6


def test_a_table_of_somebody_else_is_replaced_on_demand_only(folder: Folder) -> None:
    folder.warehouse.execute(Statement("CREATE TABLE `llm.colours` AS SELECT 'precious' AS data", "made"))
    said = folder.say("load", "words.csv", "colours")
    assert (said.code, said.err) == (
        1, "error: llm.colours is there and was not made by load\nhint: --replace takes its place\n",
    )  # fmt: skip
    assert folder.value("SELECT data FROM colours") == "precious"
    assert folder.say("load", "words.csv", "colours", "--replace").code == 0
    assert folder.say("load", "words.csv", "colours").code == 0


@pytest.mark.parametrize("name", ["words", "words__rows", "words__answers", "bqbatch_log", "bqbatch_runs", "mine"])
def test_what_bqbatch_made_and_views_are_never_replaced(folder: Folder, name: str) -> None:
    folder.run("words.sql")
    folder.warehouse.execute(Statement("CREATE VIEW `llm.mine` AS SELECT 1 AS x", "made"))
    before = folder.query(f"SELECT * FROM {name} LIMIT 1")
    said = folder.say("load", "words.csv", f"llm.{name}", "--replace")
    assert said.code == 1
    assert "left alone" in said.err
    assert folder.query(f"SELECT * FROM {name} LIMIT 1") == before


# clean


def killed(folder: Folder) -> None:
    """Leaves what a run leaves that is killed while its rows are read: an open run and working tables."""
    run = "20260101_000000_abcdef"
    event = "INSERT INTO `llm.bqbatch_log` SELECT @e, @r, 'words', 'started', 0, 0, CURRENT_TIMESTAMP(), PARSE_JSON('{}', wide_number_mode => 'round')"
    folder.warehouse.execute(
        Statement(event, "started", {"e": f"{run}_started_0_0", "r": run}),
        Statement(f"CREATE TABLE `llm.bqb_rows_{run}` AS SELECT 1 AS key", "rows"),
        Statement(f"CREATE TABLE `llm.bqb_req_{run}_1_1` AS SELECT 'x' AS key", "requests"),
        Statement("CREATE TABLE `llm.bqb_rows_of_mine` AS SELECT 1 AS key", "mine"),
    )


def test_working_tables_of_runs_that_are_over_are_dropped(folder: Folder) -> None:
    folder.run("words.sql")
    killed(folder)
    assert {(row["table"][:8], row["prompt"], row["what"]) for row in told(folder, "clean")} == {
        ("bqb_rows", "words", "dropped"), ("bqb_req_", "words", "dropped")
    }  # fmt: skip
    assert folder.left_behind() == {"bqb_rows_of_mine"}
    assert folder.say("clean").out == "nothing is left behind\n"
    assert [row["state"] for row in told(folder, "history")] == ["finished", "stopped"]
    assert folder.run("words.sql")["requests"] == 0


def test_clean_of_one_prompt_leaves_the_others(folder: Folder) -> None:
    folder.run("words.sql")
    killed(folder)
    folder.write("other.sql", "SELECT 1 AS key, 'x' AS prompt")
    folder.run("other.sql")
    assert told(folder, "clean", "other.sql") == []
    assert len(told(folder, "clean", "words.sql")) == 2


def test_answers_that_nobody_collected_are_kept(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "late:100%")
    kept = told(folder, "clean")
    assert {row["what"] for row in kept} == {"kept: its answers are not collected yet"}
    assert len(kept) == 2
    assert len(folder.say("clean").out.splitlines()) == 2
    result = folder.run("words.sql", "--simulate", "late:100%")
    assert (result["requests"], result["outcomes"]) == (0, {"ok": 5, "skipped": 1})
    assert told(folder, "clean") == []


def test_a_run_that_goes_on_is_let_alone(shared: Folder) -> None:
    def look() -> None:
        said = shared.said_by("clean", "--format", "json")
        assert {row["what"] for row in json.loads(said.out)} == {"kept: its run goes on"}

    run_with(shared, look)
    assert shared.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'ok'") == 5
    assert shared.left_behind() == set()


def test_the_claim_of_a_process_that_is_gone_is_given_back(folder: Folder) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    claim(folder, pid=gone.pid)
    assert told(folder, "clean") == []
    assert folder.left_behind() == set()


# clean --key


def everything(folder: Folder) -> str:
    """All that the tables of the prompt hold, as text."""
    tables = [name for name in folder.tables() if name.startswith(("words", "seed_", "bqb_", "bqbatch_"))]
    return "\n".join(json.dumps(folder.query(f"SELECT * FROM {table}")) for table in tables)


def test_a_person_is_erased_with_all_that_only_they_had(folder: Folder) -> None:
    folder.run("words.sql")
    folder.write("words.csv", seed(WORDS | {2: "greenish"}))
    folder.run("words.sql")
    assert "green" in everything(folder)
    erased = told(folder, "clean", "words.sql", "--key", "2", "--yes")
    assert erased == {
        "name": "words", "erased": ["2"], "rows": 1, "keys": 2, "answers": 2, "shared": 0, "unpublished": 0,
        "seed_tables": 2,
    }  # fmt: skip
    assert "green" not in everything(folder)
    assert [row["key"] for row in folder.query("SELECT key FROM words ORDER BY key")] == [1, 3, 4, 5, 6]
    folder.write("words.csv", seed({key: word for key, word in WORDS.items() if key != 2}))
    assert folder.run("words.sql")["requests"] == 0
    assert folder.left_behind() == set()


def test_what_a_failed_run_said_of_a_person_is_erased(folder: Folder) -> None:
    ada: dict[int, str | None] = {1: "Ada Lovelace", 2: "Ada Lovelace"}
    by_name = PROMPT.replace("id AS key", "word AS key")
    folder.write("words.sql", by_name)
    folder.write("other.sql", by_name)
    folder.write("words.csv", seed(ada))
    for file in ("words.sql", "other.sql"):
        assert "Ada Lovelace" in folder.say("run", file).err
    folder.write("words.csv", seed({1: "Ada Lovelace", 2: "Grace Hopper"}))
    folder.run("words.sql")
    assert folder.say("clean", "words.sql", "--key", "Ada Lovelace", "--yes").code == 0
    said = {row["prompt"]: row["message"] for row in told(folder, "history") if row["state"] == "failed"}
    assert said["words"] == "taken out when keys were erased"
    assert "Ada Lovelace" in said["other"]
    folder.warehouse.execute(Statement("DELETE FROM `llm.bqbatch_log` WHERE prompt = 'other'", "other"))
    assert "Ada" not in everything(folder)


def test_an_answer_that_others_share_stays(folder: Folder) -> None:
    folder.run("words.sql")
    said = folder.say("clean", "words.sql", "--key", "1", "--yes")
    assert said.out == "erased '1' from `words`: 1 row, 0 answers; kept: 1 answer that other keys share\n"
    assert folder.value("SELECT label FROM words WHERE key = 3") is not None
    said = folder.say("clean", "words.sql", "--key", "3", "--key", "4", "--yes")
    assert said.out == "erased '3', '4' from `words`: 2 rows, 1 answer\n"
    assert folder.value("SELECT COUNT(*) AS n FROM words__answers") == 3


def test_two_keys_that_share_an_answer_go_with_it(folder: Folder) -> None:
    folder.run("words.sql")
    assert told(folder, "clean", "words.sql", "--key", "1", "--key", "3", "--yes")["answers"] == 1
    assert not [said for said in ('"red"', "Label red") if said in everything(folder)]


def test_nothing_is_erased_while_answers_wait_or_a_run_goes_on(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "late:100%")
    said = folder.say("clean", "words.sql", "--key", "2", "--yes")
    assert said.code == 1
    assert "are not collected yet, and may be of these keys; nothing was erased" in said.err
    folder.run("words.sql")
    claim(folder, pid=os.getppid())
    said = folder.say("clean", "words.sql", "--key", "2", "--yes")
    assert said.code == 1
    assert "another run of `words` is under way" in said.err
    assert folder.value("SELECT COUNT(*) AS n FROM words__rows") == 6


def test_a_key_that_is_not_there_keeps_all_from_being_erased(folder: Folder) -> None:
    folder.run("words.sql")
    said = folder.say("clean", "words.sql", "--key", "2", "--key", "it's", "--key", "02", "--yes")
    assert (said.code, said.err.splitlines()[0]) == (
        1, "error: `words` has no key '02', \"it's\"; nothing was erased",
    )  # fmt: skip
    assert folder.value("SELECT COUNT(*) AS n FROM words__rows") == 6


@pytest.mark.parametrize(("answer", "code", "rows"), [("y\n", 0, 5), ("n\n", 1, 6), ("\n", 1, 6)])
def test_a_person_at_a_terminal_is_asked_first(shared: Folder, answer: str, code: int, rows: int) -> None:
    shared.run("words.sql")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bqbatch", "clean", "words.sql", "--key", "2"]
    with subprocess.Popen(
        command, cwd=shared.root, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as one:
        os.write(ours, answer.encode())
        out, err = one.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert one.returncode == code
    assert b"erase '2' from `words`: 1 row, 1 answer? [y/N]" in err
    assert (b"erased" in out) == (code == 0)
    assert shared.value("SELECT COUNT(*) AS n FROM words__rows") == rows


def test_without_a_terminal_nothing_is_erased_unasked(folder: Folder) -> None:
    folder.run("words.sql")
    said = folder.say("clean", "words.sql", "--key", "2")
    assert (said.code, said.err) == (
        1,
        "error: erase '2' from `words`: 1 row, 1 answer: nobody is here to ask\nhint: --yes does it without asking\n",
    )
    assert folder.value("SELECT COUNT(*) AS n FROM words__rows") == 6


# init


@pytest.mark.parametrize("where", [".", "new/of mine"])
def test_a_first_project_runs_by_the_command_that_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path)
    said = folder.say("init", where)
    assert said.code == 0, said.err
    *files, last = said.out.splitlines()
    assert {Path(file).name for file in files} == {"bqbatch.toml", "reviews.csv", "sentiment.sql"}
    assert all(Path(file).is_file() for file in files)
    words = shlex.split(last.removeprefix("next: bqbatch "))
    ran = folder.said_by(*words, "--simulate", "", "--format", "json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["outcomes"] == {"ok": 6}
    again = folder.say("init", where)
    assert (again.code, again.out) == (1, "")
    assert "is there already; nothing was written" in again.err


def test_init_writes_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sentiment.sql").write_text("SELECT 1")
    assert Folder(tmp_path).say("init").code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["sentiment.sql"]
    (tmp_path / "file").write_text("")
    said = Folder(tmp_path).say("init", "file")
    assert (said.code, said.err.partition(":")[0]) == (1, "error")


def test_the_files_of_a_first_project_are_in_the_wheel(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(root)]
    subprocess.run(build, check=True)
    [wheel] = tmp_path.glob("bqbatch-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    wanted = {f"bqbatch/starter/project/{file.name}" for file in FILES.iterdir()} | {"bqbatch/sql/ledger/history.sql"}
    assert wanted <= set(names)


# doctor


def states(folder: Folder) -> dict[str, tuple[str, str]]:
    said = folder.say("doctor", "--format", "json")
    checks = json.loads(said.out)
    assert all(check["hint"] for check in checks if check["state"] != "ok")
    assert said.code == int("broken" in [check["state"] for check in checks])
    return {check["name"]: (check["state"], check["seen"]) for check in checks}


def test_a_healthy_project_is_well(shared: Folder) -> None:
    before = set(shared.root.rglob("*"))
    found = states(shared)
    assert set(shared.root.rglob("*")) == before
    assert {name: state for name, (state, _) in found.items() if name not in ("disk", "local model")} == dict.fromkeys(
        ("python", "packages", "project", "target", "warehouse", "which one"), "ok"
    )
    assert f"duckdb {duckdb.__version__}" in found["packages"][1]
    shared.run("words.sql")
    found = states(shared)
    assert [found[name][0] for name in ("warehouse", "claims", "leftovers")] == ["ok"] * 3
    lines = shared.say("doctor").out.splitlines()
    assert [line.split()[1] for line in lines if line and line[0] in "✓!✗"][:2] == ["python", "packages"]


def test_what_runs_left_is_told_with_what_takes_it_away(folder: Folder) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    claim(folder, pid=gone.pid)
    killed(folder)
    found = states(folder)
    assert found["claims"] == ("warning", "of runs that are gone: words")
    assert found["leftovers"] == ("warning", "2 working tables that nobody needs")
    folder.say("clean")
    folder.run("words.sql", "--full-refresh", "--simulate", "late:100%")
    found = states(folder)
    assert found["claims"] == ("ok", "no run is under way")
    assert found["leftovers"] == ("warning", "answers to collect of words")


def test_a_run_under_way_is_no_leftover(shared: Folder) -> None:
    def look() -> None:
        said = shared.said_by("doctor", "--format", "json")
        found = {check["name"]: (check["state"], check["seen"]) for check in json.loads(said.out)}
        assert found["claims"] == ("ok", "runs under way: words")
        assert found["leftovers"] == ("ok", "nothing is left behind")

    run_with(shared, look)


def test_what_is_broken_is_told_and_exits_with_1(shared: Folder) -> None:
    shared.write(".bqbatch/warehouse.duckdb", "Dear diary, today " * 1000)
    state, seen = states(shared)["warehouse"]
    assert (state, seen) == ("broken", f"{shared.warehouse.path} is not a warehouse file, or is damaged")
    shared.write("bqbatch.toml", "modle = 'x'")
    found = states(shared)
    assert found["project"] == ("broken", "bqbatch.toml:1:1: bqbatch.toml does not know `modle`")
    assert "warehouse" not in found


def test_a_prompt_is_known_by_the_name_it_gives_itself_whatever_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "{{{{ config(name = '{name}') }}}} SELECT 1 AS key, {{{{ prompt('x ' ~ var('n')) }}}} AS prompt"
    files = {"b.sql": text.format(name="bb"), "sub/bb.sql": text.format(name="cc")}
    folder = Folder.made(tmp_path / "project", monkeypatch, files)
    for file in files:
        folder.run(file, "--var", "n=2")
    said = folder.say("clean", "sub/bb.sql", "--key", "1", "--var", "n=2", "--yes")
    assert said.code == 0, said.err
    assert (folder.value("SELECT COUNT(*) AS n FROM bb"), folder.value("SELECT COUNT(*) AS n FROM cc")) == (1, 0)
    assert folder.say("show", "b.sql").code == 0


def test_a_text_with_a_carriage_return_is_quoted_in_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder.made(tmp_path / "project", monkeypatch)
    folder.say("query", r"SELECT 'only\rcr' AS a, 'b' AS b", "-o", "cr.csv")
    assert (folder.root / "cr.csv").read_bytes() == b'a,b\n"only\rcr",b\n'
