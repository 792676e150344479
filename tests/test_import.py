"""Results brought home: whatever is in the files, each answer goes to its row once, and no line is lost unseen."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bqbatch.names import Dataset, PromptObjects
from bqbatch.run.ledger import Claim, Ledger
from bqbatch.run.publisher import Publisher
from bqbatch.services import Job
from bqbatch.services.developer.results import load_results
from bqbatch.warehouses import Statement
from tests.clouds import Cloud
from tests.exports import Export, result
from tests.projects import Folder, Row
from tests.test_properties import few
from tests.test_run import PROMPT, WORDS, seed

KEPT = ("lines", "answered", "repeated", "unknown", "malformed")
VIEW = "SELECT * FROM words ORDER BY key"
ANSWERS = """
SELECT request_hash, TO_JSON_STRING(response) AS response, status, outcome, run_id, attempt, model, input_tokens, output_tokens
FROM words__answers ORDER BY 1, 6
"""
STRANGE = ("", "{", '{"key":"x","response":{}}', '{"response":{}}', "[]", '{"key":1,"response":{}}', '"\ufeff', "\x00")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    files = {"words.sql": PROMPT, "words.csv": seed(WORDS)}
    folder = Folder.made(tmp_path / "project", monkeypatch, files)
    with folder.opened():
        yield folder


def imported(folder: Folder, *arguments: str) -> Row:
    """The JSON of an import that ends well; no line of it is lost."""
    said = folder.say("import", *arguments, "--format", "json")
    assert said.code == 0, said.err
    made: Row = json.loads(said.out)
    assert made["lines"] == sum(made[name] for name in KEPT[1:])
    return made


def counts(made: Row) -> tuple[int, ...]:
    return tuple(made[name] for name in KEPT)


# The way there and back.


def test_answers_come_home_to_their_rows_and_the_run_is_finished(folder: Folder) -> None:
    export = Export.made(folder)
    before = folder.left_behind()
    assert before
    made = imported(folder, export.write())
    assert counts(made) == (4, 4, 0, 0, 0)
    assert made["rejects"] is None
    [run] = made["runs"]
    assert run == {
        "run_id": export.run_id, "name": "words", "model": "gemini-3.5-flash-lite", "outcomes": {"ok": 4},
        "unanswered": 0, "refused": 0, "state": "finished", "input_tokens": run["input_tokens"],
        "output_tokens": run["output_tokens"], "cost_usd": run["cost_usd"], "view": "llm.words",
    }  # fmt: skip
    assert run["input_tokens"] > 0 and run["cost_usd"] > 0
    rows = folder.query(VIEW)
    assert [row["word"] for row in rows] == list(WORDS.values())
    assert Counter(row["_outcome"] for row in rows) == {"ok": 5, "skipped": 1}
    assert {row["_run_id"] for row in rows if row["word"]} == {export.run_id}
    for row in rows:
        if row["word"]:
            text = json.loads(export.answers[row["_request_hash"]]["response"])["candidates"][0]["content"]["parts"][0]
            assert row["label"] == json.loads(text["text"])["label"]
    assert folder.left_behind() == set()
    [history] = folder.query("SELECT state, requests, ok, cost_usd FROM bqbatch_runs")
    assert history == {"state": "finished", "requests": 4, "ok": 5, "cost_usd": history["cost_usd"]}
    assert float(history["cost_usd"]) == pytest.approx(run["cost_usd"])


def test_a_message_with_quotes_is_told_whole(folder: Folder) -> None:
    export = Export.made(folder)
    message = 'Unknown name "thinking" at "generation_config".'
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
    lines = (json.dumps({"key": key, "error": error}) for key in export.answers)
    imported(folder, export.write(lines=list(lines)))
    kinds = folder.say("errors", "words.sql").out.partition("\n\n")[0]
    assert f"  {message}  " in kinds


def test_what_was_answered_is_not_exported_or_asked_again(folder: Folder) -> None:
    imported(folder, Export.made(folder).write())
    assert Export.made(folder, "again").answers == {}


def test_importing_twice_changes_nothing(folder: Folder) -> None:
    export = Export.made(folder, faults="429:0.3 truncated:0.3")
    first, view, answers = imported(folder, export.write()), folder.query(VIEW), folder.query(ANSWERS)
    runs = folder.query("SELECT * EXCEPT (last_event) FROM bqbatch_runs")
    again = imported(folder, export.write())
    assert counts(again) == (4, 0, 4, 0, 0)
    assert again["runs"] == []
    assert (folder.query(VIEW), folder.query(ANSWERS)) == (view, answers)
    assert folder.query("SELECT * EXCEPT (last_event) FROM bqbatch_runs") == runs
    assert first["runs"][0]["outcomes"].keys() <= {"ok", "retryable", "truncated"}


def test_a_part_is_published_and_the_rest_comes_later(folder: Folder) -> None:
    export = Export.made(folder)
    made = imported(folder, export.write(lines=export.lines[:1]))
    assert (made["runs"][0]["unanswered"], made["runs"][0]["state"]) == (3, "exported")
    assert folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'pending'") >= 3
    assert folder.value("SELECT state FROM bqbatch_runs") == "exported"
    again = imported(folder, export.write(lines=export.lines[:1]))
    assert counts(again) == (1, 0, 1, 0, 0)
    assert again["runs"][0]["outcomes"] == {}
    made = imported(folder, export.write("rest.jsonl", export.lines[1:]))
    assert made["runs"][0]["state"] == "finished"
    assert folder.left_behind() == set()
    assert folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'ok'") == 5


def test_a_run_in_between_leaves_an_export_alone(folder: Folder) -> None:
    export = Export.made(folder)
    folder.run("words.sql")
    assert folder.say("resume").err == "nothing is under way\n"
    assert imported(folder, export.write())["runs"][0]["outcomes"] == {"ok": 4}
    assert folder.value(f"SELECT COUNT(*) AS n FROM words__answers WHERE run_id = '{export.run_id}'") == 4
    assert folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'ok'") == 5


def test_a_further_answer_is_a_further_attempt(folder: Folder) -> None:
    export = Export.made(folder)
    key = next(iter(export.answers))
    busy = json.dumps({"key": key, "error": {"code": 14, "message": "later"}})
    made = imported(folder, export.write(lines=[busy]))
    assert made["runs"][0]["outcomes"] == {"retryable": 1}
    made = imported(folder, export.write())
    assert made["runs"][0]["outcomes"] == {"ok": 4}
    assert folder.query(f"SELECT outcome, attempt FROM words__answers WHERE request_hash = '{key}' ORDER BY 2") == [
        {"outcome": "retryable", "attempt": 1},
        {"outcome": "ok", "attempt": 2},
    ]


def test_answers_of_one_import_that_differ_are_attempts_and_the_good_one_stays(folder: Folder) -> None:
    export = Export.made(folder)
    key = next(iter(export.answers))
    cut = {"candidates": [{"content": {"parts": [{"text": "{"}]}, "finishReason": "MAX_TOKENS"}]}
    worse = [json.dumps({"key": key, "error": {"code": 8}}), json.dumps({"key": key, "response": cut})]
    files = [export.write("worse", lines=worse), export.write("all", lines=[*export.lines, export.lines[0]])]
    assert counts(imported(folder, *files)) == (7, 6, 1, 0, 0)
    assert folder.query(f"SELECT attempt, outcome FROM words__answers WHERE request_hash = '{key}' ORDER BY attempt")[0] == {
        "attempt": 1, "outcome": "retryable"
    }  # fmt: skip
    assert folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'ok'") == 5
    assert counts(imported(folder, *files)) == (7, 0, 7, 0, 0)


def test_a_request_that_is_to_be_asked_again_still_waits(folder: Folder) -> None:
    export = Export.made(folder)
    busy = [json.dumps({"key": key, "error": {"code": 8, "message": "quota"}}) for key in export.answers]
    made = imported(folder, export.write("busy", lines=busy))
    assert (made["runs"][0]["unanswered"], made["runs"][0]["state"]) == (4, "exported")
    made = imported(folder, export.write("better"))
    assert (made["runs"][0]["outcomes"], made["runs"][0]["state"]) == ({"ok": 4}, "finished")
    assert folder.left_behind() == set()


def test_rows_that_a_later_run_published_stay(folder: Folder) -> None:
    export = Export.made(folder)
    with folder.root.joinpath("words.csv").open("a") as rows:
        rows.write("9,late\n")
    assert folder.run("words.sql")["outcomes"]["ok"] == 6
    assert imported(folder, export.write())["runs"][0]["state"] == "finished"
    assert folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'ok'") == 6
    assert folder.left_behind() == set()


def test_what_failed_is_exported_again_and_the_later_export_takes_it(folder: Folder) -> None:
    first = Export.made(folder, faults="429:1")
    imported(folder, first.write(lines=first.lines[:2]))
    later = Export.made(folder, "again")
    assert later.answers.keys() == first.answers.keys()
    made = imported(folder, later.write())
    assert [run["run_id"] for run in made["runs"]][-1] == later.run_id
    assert made["answered"] == 4
    assert folder.query("SELECT run_id, state FROM bqbatch_runs ORDER BY 1") == [
        {"run_id": first.run_id, "state": "finished"},
        {"run_id": later.run_id, "state": "finished"},
    ]
    assert folder.left_behind() == set()


def test_several_prompts_are_told_apart_by_their_keys(folder: Folder) -> None:
    folder.write("others.sql", PROMPT.replace("Label", "Name"))
    one, other = Export.made(folder), Export.made(folder, "others", file="others.sql")
    mixed = [line for pair in zip(one.lines, other.lines, strict=True) for line in pair]
    made = imported(folder, one.write(lines=mixed))
    assert counts(made) == (8, 8, 0, 0, 0)
    assert {run["name"]: run["outcomes"] for run in made["runs"]} == {"words": {"ok": 4}, "others": {"ok": 4}}
    assert folder.left_behind() == set()


# What is in the files.


def test_lines_that_are_no_results_are_kept_and_lose_no_other(folder: Folder) -> None:
    export = Export.made(folder)
    path = export.out / "results.jsonl"
    bad = b'{"key":"caf\xe9","response":{}}'
    lines = [
        export.lines[0].encode(),
        b"{",
        b"",
        bad,
        *map(str.encode, export.lines[1:]),
        export.lines[0].encode()[:50],
    ]
    path.write_bytes(b"\n".join(lines))
    said = folder.say("import", "out/results.jsonl", "--format", "json")
    made = json.loads(said.out)
    assert counts(made) == (7, 4, 0, 0, 3)
    assert made["rejects"] == "out/results.rejects.jsonl"
    assert [json.loads(line) for line in (export.out / "results.rejects.jsonl").read_text().splitlines()] == [
        {"file": "out/results.jsonl", "number": 2, "reason": "not JSON", "line": "{"},
        {"file": "out/results.jsonl", "number": 4, "reason": "not UTF-8", "base64": base64.b64encode(bad).decode()},
        {"file": "out/results.jsonl", "number": 8, "reason": "not JSON", "line": export.lines[0][:50]},
    ]
    for told in ("results.jsonl:2: not JSON", "3 lines are no result, and kept in out/results.rejects.jsonl"):
        assert told in said.err


def test_gzip_folders_and_files_that_are_named_twice(folder: Folder) -> None:
    export = Export.made(folder)
    (export.out / "a.jsonl.gz").write_bytes(gzip.compress("\n".join(export.lines[:2]).encode()))
    export.write("b.jsonl", export.lines[2:])
    export.write("b.rejects.jsonl", ["{"])
    made = imported(folder, "out", "out/b.jsonl", str(export.out / "a.jsonl.gz"))
    assert counts(made) == (4, 4, 0, 0, 0)


def test_a_file_may_have_a_name_that_is_not_utf_8(folder: Folder) -> None:
    export = Export.made(folder)
    name = os.fsdecode(b"x\xff.jsonl")
    try:
        export.write(name, ["{", *export.lines])
    except OSError:
        pytest.skip("files have no such names here")
    said = folder.say("import", f"out/{name}")
    assert said.code == 0
    assert "note: out/x\\udcff.jsonl:1: not JSON" in said.err
    assert "kept in out/x\\udcff.rejects.jsonl" in said.err
    [line] = (export.out / os.fsdecode(b"x\xff.rejects.jsonl")).read_text().splitlines()
    assert json.loads(line)["file"] == "out/x\\udcff.jsonl"
    again = imported(folder, f"out/{name}")
    assert (counts(again), again["rejects"]) == ((5, 0, 4, 0, 1), "out/x\udcff.rejects.jsonl")
    (export.out / name).write_bytes(gzip.compress(b"{}")[:-1])
    assert "note: out/x\\udcff.jsonl ends, or is damaged" in folder.say("import", f"out/{name}").err
    assert "error: there is no file x\\udcff.jsonl" in folder.say("import", name).err


def test_standard_input_is_a_file_of_results(folder: Folder) -> None:
    export = Export.made(folder)
    mine = os.dup(0)
    try:
        with Path(export.write()).open("rb") as results:
            os.dup2(results.fileno(), 0)
            assert counts(imported(folder, "-")) == (4, 4, 0, 0, 0)
    finally:
        os.dup2(mine, 0)
        os.close(mine)


def test_gzip_that_ends_too_early_is_told(folder: Folder) -> None:
    export = Export.made(folder)
    packed = gzip.compress("\n".join(export.lines).encode())
    (export.out / "results.jsonl").write_bytes(packed[:-1])
    said = folder.say("import", "out/results.jsonl")
    assert "ends, or is damaged, before its gzip ends" in said.err
    assert "4 (4 answered)" in said.out


def test_vertex_ais_lines_in_cloud_storage_are_results_too(folder: Folder) -> None:
    export = Export.made(folder, faults="429:0.5")
    lines = [
        json.dumps({"key": row["key"], "status": row["status"], "processed_time": "2026-11-22T10:00:00.5+00:00",
                    "request": {"contents": []}, "response": json.loads(row["response"] or "{}")})
        for row in export.answers.values()
    ]  # fmt: skip
    made = imported(folder, export.write(lines=lines))
    assert counts(made) == (4, 4, 0, 0, 0)
    expected = Counter("retryable" if row["status"] else "ok" for row in export.answers.values())
    assert made["runs"][0]["outcomes"] == expected
    assert folder.value("SELECT COUNT(DISTINCT processed_time) AS n FROM words__answers") == 1


def test_a_line_of_10_mb_is_a_line_like_any_other(folder: Folder) -> None:
    export = Export.made(folder)
    first, *rest = export.answers.values()
    response = json.loads(first["response"])
    response["candidates"][0]["content"]["parts"][0]["thoughtSignature"] = "A" * 10_000_000
    long = {**first, "response": json.dumps(response)}
    made = imported(folder, export.write(lines=[result(long), "x" * 10_000_000, *map(result, rest)]))
    assert counts(made) == (5, 4, 0, 0, 1)


@settings(few, max_examples=3)
@given(data=st.data())
def test_any_mix_of_lines_in_any_files_comes_to_the_same_tables(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"words.sql": PROMPT, "words.csv": seed({n: f"w{n % 7}" for n in range(20)})}
    folder = Folder.made(tmp_path_factory.mktemp("import") / "project", monkeypatch, files)
    with folder.opened():
        export = Export.made(folder, faults="429:0.2 400:0.2 truncated:0.2")
        strange = data.draw(st.lists(st.sampled_from(STRANGE) | st.text(max_size=9), max_size=8))
        cut = [line[: data.draw(st.integers(1, len(line) - 1))] for line in export.lines[:2]]
        known = data.draw(st.lists(st.sampled_from(export.lines), min_size=1, max_size=12))
        lines = data.draw(st.permutations([*known, *strange, *cut]))
        content = "\n".join(lines).encode("utf-8", "replace")
        end = data.draw(st.integers(0, len(content)))
        chance = random.Random(data.draw(st.integers(0, 99)))
        shuffled = content.split(b"\n")
        chance.shuffle(shuffled)
        made = []
        for name, parts in {
            "a": [content],
            "b": [content[:end], content[end:], content],
            "c": [b"\n".join(shuffled)],
        }.items():
            for number, part in enumerate(parts):
                packed = gzip.compress(part) if number == 1 else part
                (export.out / f"{name}{number}.jsonl").write_bytes(packed)
            paths = [f"out/{name}{number}.jsonl" for number in range(len(parts))]
            made.append(imported(folder, *paths))
            if name == "a":
                answers, view = folder.query(ANSWERS), folder.query(VIEW)
                there = {json.loads(line)["key"] for line in known}
                assert {row["request_hash"] for row in answers} == there
                assert made[0]["answered"] == len(there)
                extra = Counter(known)
                assert made[0]["repeated"] >= sum(extra.values()) - len(extra)
            assert (folder.query(ANSWERS), folder.query(VIEW)) == (answers, view)
        assert made[2]["lines"] == made[0]["lines"]
        assert [each["answered"] for each in made[1:]] == [0, 0]
        rest = imported(folder, export.write())
        assert rest["answered"] == len(export.answers) - len(there)
        waits = any('"code": 429' in line for line in export.lines)
        assert folder.left_behind() == ({f"bqb_req_{export.run_id}"} if waits else set())


# What goes wrong.


def test_nothing_that_is_known_is_an_error_that_keeps_the_file(folder: Folder) -> None:
    export = Export.made(folder)
    before = folder.left_behind()
    unknown = export.write(lines=['{"key":"0123","response":{}}', '{"key":"4567","response":{}}'])
    said = folder.say("import", unknown)
    assert said.code == 1
    assert "no line answers a request that was exported from llm" in said.err
    assert "such as out/results.jsonl:1, 0123: `bqbatch export` of the same rows gives the same keys" in said.err
    said = folder.say("import", export.write("bad.jsonl", ["[]", "{"]))
    assert (
        "error: no line of these files is a result, of 2\nhint: why, line by line, is in out/bad.rejects.jsonl"
        in said.err
    )
    said = folder.say("import", export.write("empty.jsonl", []))
    assert "the files have no lines" in said.err
    assert folder.left_behind() == before
    assert counts(imported(folder, export.write()))[1] == 4


def test_requests_are_no_results(folder: Folder) -> None:
    export = Export.made(folder)
    said = folder.say("import", "out/requests-00001.jsonl")
    assert "requests-00001.jsonl:1: a request, not a result" in said.err
    said = folder.say("import", "out")
    assert "out has what was exported, and no files of results" in said.err
    assert export.write()
    assert imported(folder, "out")["answered"] == 4


def test_a_file_that_was_changed_after_its_export_is_told(folder: Folder) -> None:
    export = Export.made(folder)
    (export.out / "requests-00001.jsonl").write_text("changed\n")
    said = folder.say("import", export.write())
    assert said.code == 0
    assert "out/requests-00001.jsonl was changed after its export" in said.err


def test_a_manifest_of_another_prompt_is_told_and_the_keys_count(folder: Folder) -> None:
    folder.write("others.sql", PROMPT.replace("Label", "Name"))
    export, other = Export.made(folder), Export.made(folder, "others", file="others.sql")
    said = folder.say("import", other.write(lines=export.lines))
    assert said.code == 0
    assert (
        f"others/manifest.json is of run {other.run_id} of `others`, but the results are of run {export.run_id} of `words`"
        in said.err
    )
    said = folder.say("import", "out/manifest.json", other.write(), "--format", "json")
    assert f"out/manifest.json is of run {export.run_id} of `words`, but" in said.err
    assert json.loads(said.out)["answered"] == 4


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"run": 1}', '{"run":"r","prompt":"p","shards":[1]}', "\0"])
def test_a_manifest_that_is_none_is_passed_over(manifest: str, folder: Folder) -> None:
    export = Export.made(folder)
    (export.out / "manifest.json").write_text(manifest)
    assert imported(folder, export.write())["answered"] == 4


def test_while_another_process_works_on_the_prompt_nothing_is_stored(folder: Folder) -> None:
    export = Export.made(folder)
    prompt = PromptObjects(Dataset("llm"), "words")
    claim = Claim(folder.warehouse, prompt, Ledger(prompt.dataset, "20260102_030405_000000", "words"))
    held: Any = {**claim.creation(prompt, claim.ledger).parameters, "host": "elsewhere"}
    statement = claim.creation(prompt, claim.ledger)
    folder.warehouse.execute(type(statement)(statement.sql, statement.job_id, held))
    said = folder.say("import", export.write())
    assert said.code == 1
    assert "another run of `words` is under way" in said.err
    assert folder.value("SELECT COUNT(*) AS n FROM words__answers") == 0
    claim.release()
    assert imported(folder, export.write())["answered"] == 4


@pytest.mark.parametrize("moment", ["show", "finish"])
def test_an_import_that_is_stopped_is_done_again(moment: str, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    export = Export.made(folder)
    before = folder.left_behind()
    with monkeypatch.context() as patch:
        patch.setattr(Publisher, moment, stop)
        said = folder.say("import", export.write())
    assert said.code == 130
    assert "import the same files again: no answer is stored twice" in said.err
    assert {table for table in folder.tables() if table.startswith("bqb_")} == before
    answers = folder.query(ANSWERS)
    assert len(answers) == 4
    made = imported(folder, export.write())
    assert counts(made) == (4, 0, 4, 0, 0)
    assert made["runs"][0]["state"] == "finished"
    assert folder.query(ANSWERS) == answers
    assert folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'ok'") == 5
    assert folder.left_behind() == set()


def test_rejects_go_where_they_are_told(folder: Folder) -> None:
    export = Export.made(folder)
    lines = ["{", *export.lines]
    said = folder.say("import", export.write(lines=lines), "--rejects", "nowhere/rejects.jsonl")
    assert "can't write nowhere/rejects.jsonl" in said.err
    assert imported(folder, export.write(lines=lines), "--rejects", "r.jsonl")["rejects"] == "r.jsonl"
    assert json.loads((folder.root / "r.jsonl").read_text())["line"] == "{"


@pytest.mark.parametrize(
    "name", ["out/results.jsonl", "./out/../out/results.jsonl", "link", "hard", "out/manifest.json"]
)
def test_rejects_never_take_the_place_of_what_is_read(name: str, folder: Folder) -> None:
    export = Export.made(folder)
    results = export.write(lines=[*export.lines, "{"])
    (folder.root / "link").symlink_to(results)
    (folder.root / "hard").hardlink_to(results)
    before = {path.name: path.read_bytes() for path in export.out.iterdir()}
    said = folder.say("import", results, "--rejects", name)
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"error: lines that are no results would be kept in {Path(name)}, which is a file to import\n"
        "hint: --rejects FILE names another file for them\n"
    )
    assert {path.name: path.read_bytes() for path in export.out.iterdir()} == before
    assert folder.value("SELECT COUNT(*) AS n FROM words__answers") == 0
    assert imported(folder, results, "--rejects", "bad.jsonl")["answered"] == 4


def test_rejects_of_an_earlier_import_are_not_replaced_while_they_are_read(folder: Folder) -> None:
    export = Export.made(folder)
    results = export.write(lines=["{", *export.lines])
    rejects = export.write("results.rejects.jsonl", ["["])
    said = folder.say("import", results, rejects)
    assert f"error: lines that are no results would be kept in {rejects}, which is a file to import" in said.err
    assert (folder.root / rejects).read_text() == "[\n"


def test_rejects_go_into_a_pipe_that_stays_one(folder: Folder) -> None:
    export = Export.made(folder)
    os.mkfifo(folder.root / "pipe")
    reader = os.open(folder.root / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        made = imported(folder, export.write(lines=["{", *export.lines]), "--rejects", "pipe")
        assert (made["malformed"], made["rejects"]) == (1, "pipe")
        assert json.loads(os.read(reader, 2**20))["line"] == "{"
    finally:
        os.close(reader)
    assert (folder.root / "pipe").is_fifo()


def test_rejects_of_what_is_no_ordinary_file_are_kept_in_the_current_folder(folder: Folder) -> None:
    export = Export.made(folder)
    results = export.write(lines=["{", *export.lines])
    os.mkfifo(export.out / "pipe")
    with subprocess.Popen(f"cat {results} > out/pipe", shell=True, cwd=folder.root):
        made = imported(folder, "out/pipe")
    assert (counts(made), made["rejects"]) == ((5, 4, 0, 0, 1), "import.rejects.jsonl")
    assert json.loads((folder.root / "import.rejects.jsonl").read_text()) == {
        "file": "out/pipe", "number": 1, "reason": "not JSON", "line": "{"
    }  # fmt: skip
    assert not list(export.out.glob("*.rejects.jsonl"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="a folder of Linux")
def test_so_are_those_of_what_a_process_has_open(folder: Folder) -> None:
    folder.run("words.sql")
    with folder.write("results.jsonl", "{\n").open() as file:
        said = folder.say("import", f"/proc/self/fd/{file.fileno()}")
    assert "hint: why, line by line, is in import.rejects.jsonl\n" in said.err
    assert (folder.root / "import.rejects.jsonl").exists()


def test_a_person_is_told_what_became_of_each_line(folder: Folder) -> None:
    export = Export.made(folder)
    said = folder.say(
        "import", export.write(lines=[*export.lines[:2], export.lines[0], "{", '{"key":"x","response":{}}'])
    )
    lines = said.out.splitlines()
    assert lines[0] == "    lines  5 (2 answered, 1 repeated, 1 unknown, 1 malformed)"
    assert lines[1] == f"      run  {export.run_id} of words"
    assert lines[2] == "  answers  2 ok; 2 requests still unanswered"
    assert lines[-1] == "     next  bqbatch query 'SELECT * FROM `llm.words` LIMIT 20'"


# BigQuery.


def test_answers_come_home_to_bigquery_as_well(cloud: Cloud) -> None:
    run_id = cloud.json("export", "words.sql", "-o", "out")["run"]
    queue = cloud.rows(f"SELECT key, TO_JSON_STRING(request) AS request FROM `llm.bqb_req_{run_id}`")
    said = {"candidates": [{"content": {"parts": [{"text": '{"label": "a"}'}]}, "finishReason": "STOP"}]}
    answers = [json.dumps({"key": row["key"], "response": said}) for row in queue]
    (cloud.folder.root / "results.jsonl").write_text("\n".join([answers[0], *answers, "{"]))
    made = cloud.json("import", "results.jsonl")
    assert counts(made) == (6, 4, 1, 0, 1)
    assert made["runs"][0]["state"] == "finished"
    assert {row["label"] for row in cloud.rows("SELECT label FROM `llm.words` WHERE _outcome = 'ok'")} == {"a"}
    assert counts(cloud.json("import", "results.jsonl")) == (6, 0, 5, 0, 1)
    assert not [table for table in cloud.tables() if table.startswith("bqb_")]


# The response table of a job.


def test_the_results_of_a_job_are_its_response_table(folder: Folder) -> None:
    warehouse = folder.warehouse
    requests = """
        SELECT 'a' AS key, JSON '{"contents":[]}' AS request
        UNION ALL SELECT 'b', JSON '{"contents":[{"parts":[{"fileData":{"fileUri":"gs://b/c"}}]}]}'
    """
    run, name = "20260102_030405_000000", "llm.bqb_{}_20260102_030405_000000_1_1"
    job = Job(run, "words", 1, 1, f"`{name.format('req')}`", f"`{name.format('resp')}`", "`llm.words__answers`")
    warehouse.execute(Statement(f"CREATE TABLE {job.requests} AS {requests}", "requests"))
    file = folder.write("results.jsonl", '{"key":"a","response":{}}\n{"key":"a"\n')
    assert load_results(warehouse, [file], job) == ()
    assert load_results(warehouse, [file], job) == ()
    found = {row["key"]: row for row in warehouse.read(f"SELECT * FROM {job.responses}")}
    assert found.keys() == {"a", "b"}
    assert (found["a"]["response"], found["a"]["status"]) == ("{}", "")
    assert found["b"]["response"] is None
    assert "gs://b/c" in found["b"]["status"]
    assert folder.left_behind() == {name.format("req")[4:], name.format("resp")[4:]}
    assert not [table for table in folder.tables() if "lines" in table]
