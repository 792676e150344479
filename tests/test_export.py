"""`bqbatch export`: what a run would ask, as files, and what stays for the answers."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bqbatch import exporting
from bqbatch.errors import ProjectError
from bqbatch.jsonl import Written, write_lines
from bqbatch.output_folder import OutputFolder
from bqbatch.run import budget
from bqbatch.warehouses import Stream
from tests.clouds import Cloud
from tests.projects import Folder

PROMPT = """
{{ config(model = 'gemini-3.5-flash-lite', max_output_tokens = 64) }}
{% output %} color STRING NOT NULL {% endoutput %}
SELECT id AS key, {% prompt %}Which color is {word}?{% endprompt %} AS prompt FROM {{ seed('words.csv') }}
"""
WORDS = 'id,word\n1,rose\n2,"a \u2028 \u0001 \\ "" é😀 line\nbreak"\n3,rose\n4,\n5,sky\n'
MANY = """
SELECT CAST(n AS STRING) AS key, CONCAT('{words}', CAST(n AS STRING)) AS prompt FROM UNNEST(GENERATE_ARRAY(1, {rows})) AS n
"""
CONFIG = "{{ config(model = 'gemini-3.5-flash-lite') }}"
Line = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder.made(tmp_path, monkeypatch, {"words.sql": PROMPT, "words.csv": WORDS})


def many(folder: Folder, rows: int, words: str = "word ") -> None:
    folder.write("many.sql", CONFIG + MANY.format(words=words, rows=rows))


def exported(folder: Folder, *arguments: str, out: str = "out") -> Line:
    """The manifest of an export that ends well, as it is printed and as it is in its file."""
    said = folder.say("export", *arguments, "-o", out, "--format", "json")
    assert said.code == 0, said.err
    printed: Line = json.loads(said.out)
    assert json.loads((folder.root / out / "manifest.json").read_text("utf-8")) == printed
    return printed


def lines_of(path: Path) -> list[Line]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert data.endswith(b"\n")
    return [json.loads(line) for line in data.decode().split("\n")[:-1]]


def state_of(folder: Folder, run: str) -> str:
    return str(folder.value(f"SELECT state FROM bqbatch_runs WHERE run_id = '{run}'"))


def test_a_file_has_each_distinct_request_once_under_its_hash(folder: Folder) -> None:
    made = exported(folder, "words.sql")
    lines = lines_of(folder.root / "out" / "requests-00001.jsonl")
    queue = folder.query(f"SELECT key, request FROM bqb_req_{made['run']}")
    assert sorted(lines, key=str) == sorted(queue, key=str)
    assert len(lines) == 3
    texts = {line["request"]["contents"][0]["parts"][0]["text"] for line in lines}
    assert 'Which color is a \u2028 \u0001 \\ " é😀 line\nbreak?' in texts
    assert made["counts"] == {"rows": 5, "skipped": 1, "requests": 3, "answered": 0, "exported": 3, "refused": 0}
    assert (made["prompt"], made["model"], made["target"]) == ("words", "gemini-3.5-flash-lite", "local")
    assert sorted(path.name for path in (folder.root / "out").iterdir()) == ["manifest.json", "requests-00001.jsonl"]


def test_the_manifest_has_the_size_and_the_digest_of_each_file(folder: Folder) -> None:
    for option, name in ((), "requests-00001.jsonl"), (("--gzip",), "requests-00001.jsonl.gz"):
        [shard] = exported(folder, "words.sql", *option, out=name)["shards"]
        data = (folder.root / name / name).read_bytes()
        assert (shard["name"], shard["bytes"], shard["requests"]) == (name, len(data), 3)
        assert shard["sha256"] == hashlib.sha256(data).hexdigest()
        assert shard["input_tokens"] > 20
    plain, packed = (folder.root / name / name for name in ("requests-00001.jsonl", "requests-00001.jsonl.gz"))
    assert sorted(map(str, lines_of(plain))) == sorted(map(str, lines_of(packed)))


def test_exporting_again_gives_the_same_lines(folder: Folder) -> None:
    first, second = exported(folder, "words.sql"), exported(folder, "words.sql", out="again")
    assert first["run"] != second["run"]
    one, two = (
        sorted((folder.root / out / "requests-00001.jsonl").read_bytes().splitlines()) for out in ("out", "again")
    )
    assert one == two


def test_an_export_waits_for_its_answers_and_other_commands_let_it_alone(folder: Folder) -> None:
    run = exported(folder, "words.sql")["run"]
    tables = {f"bqb_rows_{run}", f"bqb_req_{run}"}
    folder.run("words.sql", "--model", "simulated")
    for command in (("resume",), ("cancel",), ("collect",), ("resume", "words.sql"), ("clean", "--yes")):
        assert folder.say(*command).code == 0
        assert folder.left_behind() == tables
        assert state_of(folder, run) == "exported"
    assert run in folder.say("status").out
    assert "exports of words wait for" in folder.say("doctor").out
    kept = json.loads(folder.say("clean", "--format", "json").out)
    assert {row["what"] for row in kept} == {"kept: it was exported, and answers may come; --exports drops it"}
    erasing = folder.say("clean", "words.sql", "--key", "1", "--yes")
    assert "may have these keys; nothing was erased" in erasing.err
    assert folder.say("clean", "--exports", "--yes").code == 0
    assert folder.left_behind() == set()
    assert state_of(folder, run) == "stopped"
    assert folder.say("clean", "words.sql", "--key", "1", "--yes").code == 0


def test_the_log_tells_what_was_exported_and_planned(folder: Folder) -> None:
    made = exported(folder, "words.sql", "--limit", "2")
    [row] = folder.query("SELECT details FROM bqbatch_log WHERE event = 'exported'")
    assert row["details"] == made
    [run] = folder.query("SELECT model, requests, planned_usd, price FROM bqbatch_runs")
    assert (run["model"], run["requests"]) == ("gemini-3.5-flash-lite", 2)
    assert float(run["planned_usd"]) > 0
    assert json.loads(run["price"])["input"] == "0.15"


def test_files_are_cut_at_the_tokens_that_may_be_enqueued(folder: Folder) -> None:
    folder.write("bqbatch.toml", '[targets.dev]\ntype = "developer"\nenqueued_tokens = 1_000\n')
    many(folder, 900)
    made = exported(folder, "many.sql", "--target", "dev")
    files = [lines_of(folder.root / "out" / shard["name"]) for shard in made["shards"]]
    assert [shard["name"] for shard in made["shards"]] == [f"requests-{n:05}.jsonl" for n in range(1, len(files) + 1)]
    assert len(files) > 2
    assert all(100 < shard["input_tokens"] * 1.25 <= 1_000 for shard in made["shards"][:-1])
    assert len({line["key"] for lines in files for line in lines}) == made["counts"]["exported"] == 900
    plan = json.loads(folder.say("plan", "many.sql", "--target", "dev", "--format", "json").out)
    assert sum(shard["input_tokens"] for shard in made["shards"]) == pytest.approx(plan["input_tokens"], abs=len(files))


def test_files_are_cut_at_their_size(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MOST_BYTES", 5_000)
    many(folder, 100)
    made = exported(folder, "many.sql")
    assert len(made["shards"]) > 3
    assert all(4_000 < shard["bytes"] <= 5_000 for shard in made["shards"][:-1])
    assert sum(shard["requests"] for shard in made["shards"]) == 100


def test_a_request_that_no_batch_takes_is_refused_and_the_rest_goes_on(folder: Folder) -> None:
    folder.write("bqbatch.toml", '[targets.dev]\ntype = "developer"\nenqueued_tokens = 1_000\n')
    large = (
        CONFIG
        + "SELECT n AS key, CONCAT(REPEAT('word ', IF(n = 3, 2000, 1)), n) AS prompt FROM UNNEST(GENERATE_ARRAY(1, 9)) AS n"
    )
    folder.write("many.sql", large.replace(", n) AS prompt", ", CAST(n AS STRING)) AS prompt"))
    made = exported(folder, "many.sql", "--target", "dev")
    assert (made["counts"]["exported"], made["counts"]["refused"]) == (8, 1)
    [refused] = lines_of(folder.root / "out" / "refused.jsonl")
    assert "and no batch takes it alone: gemini-3.5-flash-lite takes 1,000 tokens at a time" in refused["refused"]
    names = [shard["name"] for shard in made["shards"]]
    keys = {line["key"] for name in names for line in lines_of(folder.root / "out" / name)}
    assert len(keys) == 8 and refused["key"] not in keys


def test_what_was_answered_is_not_exported_unless_all_is(cloud: Cloud) -> None:
    folder = cloud.folder
    folder.run("words.sql", "--limit", "3", "--target", "prod")
    made = exported(folder, "words.sql", "--target", "prod")
    assert (made["counts"]["answered"], made["counts"]["exported"]) == (3, 1)
    assert len(lines_of(folder.root / "out" / "requests-00001.jsonl")) == 1
    assert exported(folder, "words.sql", "--target", "prod", "--full-refresh", out="all")["counts"]["exported"] == 4


def test_one_stream_goes_to_standard_output_and_words_to_the_other(folder: Folder) -> None:
    said = folder.say("export", "words.sql", "-o", "-")
    assert said.code == 0
    assert len({json.loads(line)["key"] for line in said.out.split("\n")[:-1]}) == 3
    assert "note: plan: 3 requests to gemini-3.5-flash-lite" in said.err
    assert sorted(path.name for path in folder.root.iterdir()) == [".bqbatch", "bqbatch.toml", "words.csv", "words.sql"]
    command = [sys.executable, "-m", "bqbatch", "export", "words.sql", "-o", "-", "--gzip"]
    packed = subprocess.run(command, cwd=folder.root, capture_output=True, check=True, timeout=120).stdout
    assert sorted(gzip.decompress(packed).decode().split("\n")) == sorted(said.out.split("\n"))


def test_labels_do_not_leave_and_change_no_hash(folder: Folder) -> None:
    plain = exported(folder, "words.sql")
    folder.write("words.sql", PROMPT.replace("max_output", "labels = {'team': 'a'}, max_output"))
    labelled = exported(folder, "words.sql", out="labelled")
    assert labelled["rewrites"] == {"labels": 3} and plain["rewrites"] == {}
    one, two = (lines_of(folder.root / out / "requests-00001.jsonl") for out in ("out", "labelled"))
    assert sorted(one, key=str) == sorted(two, key=str)
    shown = folder.say("export", "words.sql", "-o", "shown").out
    assert "changed  3 by labels" in shown


FILES = (
    CONFIG
    + """
SELECT n AS key, {% prompt %}See {{ file('{uri}', 'image/png') }} {% endprompt %} AS parts
FROM (SELECT n, CONCAT(IF(MOD(n, 2) = 0, 'gs://b/', 'https://x/files/'), CAST(n AS STRING)) AS uri FROM UNNEST(GENERATE_ARRAY(1, 9)) AS n)
"""
)


def test_files_in_cloud_storage_are_refused_by_key_and_the_rest_is_exported(folder: Folder) -> None:
    folder.write("files.sql", FILES)
    said = folder.say("export", "files.sql", "-o", "out")
    assert said.code == 0
    assert "note: 4 requests can't go to the Developer API; refused.jsonl has them all\n" in said.err
    assert "fileData.fileUri gs://b/" in said.err and "files in Cloud Storage can't be read" in said.err
    refused = lines_of(folder.root / "out" / "refused.jsonl")
    made = json.loads((folder.root / "out" / "manifest.json").read_text("utf-8"))
    assert (made["counts"]["exported"], made["counts"]["refused"]) == (5, len(refused)) == (5, 4)
    queue = {row["key"]: row["uri"] for row in folder.query(
        f"SELECT key, JSON_VALUE(request, '$.contents[0].parts[1].fileData.fileUri') AS uri FROM bqb_req_{made['run']}")}  # fmt: skip
    assert all(queue[row["key"]] in row["refused"] and "gs://" in queue[row["key"]] for row in refused)
    assert "gs://" not in (folder.root / "out" / "requests-00001.jsonl").read_text("utf-8")


def test_with_strict_nothing_is_written_where_a_request_is_refused(folder: Folder) -> None:
    folder.write("files.sql", FILES)
    said = folder.say("export", "files.sql", "-o", "out", "--strict")
    assert said.code == 1
    assert "--strict: 4 requests can't go to the Developer API; nothing was written" in said.err
    assert said.err.count("files in Cloud Storage") == 3 and "and 1 more" in said.err
    assert not (folder.root / "out").exists()
    assert folder.left_behind() == set()
    assert folder.value("SELECT state FROM bqbatch_runs") == "failed"


def test_where_nothing_can_leave_there_is_a_manifest_without_files(folder: Folder) -> None:
    folder.write("files.sql", FILES.replace("MOD(n, 2) = 0", "n > 0"))
    folder.write("none.sql", CONFIG + "SELECT 1 AS key, 'x' AS prompt FROM UNNEST([1]) AS n WHERE n > 1")
    for name, refused in ("files", 9), ("none", 0):
        made = exported(folder, f"{name}.sql", out=name)
        assert (made["shards"], made["counts"]["refused"]) == ([], refused)
        assert state_of(folder, made["run"]) == "stopped"
    assert "note: the SELECT returned no rows" in folder.say("export", "none.sql", "-o", "again").err
    assert folder.left_behind() == set()
    assert sorted(path.name for path in (folder.root / "none").iterdir()) == ["manifest.json"]


def test_of_an_empty_table_there_is_nothing_to_do_next(folder: Folder) -> None:
    folder.write("words.csv", "id,word\n")
    said = folder.say("export", "words.sql", "-o", "out")
    assert said.code == 0
    assert said.out.split() == ["rows", "0", "requests", "0", "for", "gemini-3.5-flash-lite"]
    assert [one.name for one in (folder.root / "out").iterdir()] == ["manifest.json"]


def test_a_model_whose_limit_nobody_knows_is_cut_by_size_alone(folder: Folder) -> None:
    said = folder.say("export", "words.sql", "--model", "gemini-9-flash", "-o", "out")
    assert said.code == 0
    assert (
        "note: how many tokens of gemini-9-flash may be enqueued is not known: files are cut by their size alone"
        in said.err
    )


def test_ctrl_c_leaves_nothing(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(stream: Stream, out: Any) -> Written:
        write_lines(stream, out)
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, "write_lines", stopped)
    (folder.root / "there").mkdir()
    for out in ("out", "there"):
        said = folder.say("export", "words.sql", "-o", out)
        assert (said.code, said.out) == (130, "")
        assert "error: stopped; nothing was exported" in said.err
        assert folder.value("SELECT ANY_VALUE(state) FROM bqbatch_runs") == "stopped"
    assert not (folder.root / "out").exists()
    assert list((folder.root / "there").iterdir()) == []
    assert folder.left_behind() == set()


def test_ctrl_c_ends_a_stream_that_nobody_reads(folder: Folder) -> None:
    many(folder, 20_000)
    with folder.process("export", "many.sql", "-o", "-") as process:
        assert process.stdout
        process.stdout.read(1)  # it writes, and the pipe is soon full
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 130
    assert folder.left_behind() == set()


def test_a_full_disk_is_told_and_nothing_half_written_stays(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_a_small_disk(stream: Stream, out: Any) -> Written:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, most))
        try:
            return write_lines(stream, out)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    monkeypatch.setattr(exporting, "write_lines", on_a_small_disk)
    many(folder, 3_000)
    said = folder.say("export", "many.sql", "-o", "out")
    assert (said.code, said.out) == (1, "")
    assert "error: can't write to out: File too large\nhint: free space there, or -o on another disk" in said.err
    assert not (folder.root / "out").exists()
    assert folder.left_behind() == set()
    assert folder.value("SELECT state FROM bqbatch_runs") == "failed"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_standard_output_that_takes_no_more_is_told(folder: Folder) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "bqbatch", "export", "words.sql", "-o", "-"]
        done = subprocess.run(command, cwd=folder.root, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "error: can't write to standard output: No space left on device\nhint: -o FOLDER on another disk\n"
    )
    assert folder.left_behind() == set()
    reader = f"{sys.executable} -m bqbatch export words.sql -o - | head -c 1"
    gone = subprocess.run(reader, shell=True, cwd=folder.root, capture_output=True, text=True, timeout=120)
    assert gone.stdout == "{" and "Traceback" not in gone.stderr


def test_an_export_whose_reader_goes_is_stopped_in_words(folder: Folder) -> None:
    many(folder, 20_000)
    with folder.process("export", "many.sql", "-o", "-") as process:
        assert process.stdout
        process.stdout.read(1)
        process.stdout.close()
        process.wait(timeout=120)
    [run] = folder.query("SELECT state, message FROM bqbatch_runs")
    assert run == {"state": "stopped", "message": "whoever read standard output stopped reading"}
    assert folder.left_behind() == set()


def test_where_standard_output_is_closed_what_prints_rows_says_so_and_the_rest_works(folder: Folder) -> None:
    def closed(*words: str) -> tuple[int, str]:
        command = shlex.join([sys.executable, "-m", "bqbatch", *words])
        done = subprocess.run(
            f"{command} >&-", shell=True, cwd=folder.root, stderr=subprocess.PIPE, text=True, timeout=120
        )
        return done.returncode, done.stderr

    code, told = closed("export", "words.sql", "-o", "-")
    assert (code, told.splitlines()[-2:]) == (1, ["error: standard output is closed", "hint: -o FOLDER"])
    code, told = closed("export", "words.sql", "-o", "out")
    assert code == 0 and "error" not in told
    assert (folder.root / "out" / "manifest.json").exists()
    for command in (("query", "SELECT 1 AS one", "--format", "csv"), ("status",)):
        assert closed(*command) == (1, "error: standard output is closed\nhint: -o FILE\n")


def test_of_two_exports_into_one_folder_one_is_refused(folder: Folder) -> None:
    many(folder, 5_000)
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(folder.process("export", "many.sql", "-o", "out")) for _ in range(2)]
        told = [process.communicate(timeout=120)[1] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 1]
    assert sum("another export writes to out" in text or "out is not empty" in text for text in told) == 1
    [shard] = json.loads((folder.root / "out" / "manifest.json").read_text("utf-8"))["shards"]
    data = (folder.root / "out" / shard["name"]).read_bytes()
    assert (shard["requests"], shard["sha256"]) == (5_000, hashlib.sha256(data).hexdigest())


def test_a_folder_that_is_written_to_is_refused_to_another(folder: Folder) -> None:
    out = folder.root / "out"
    with OutputFolder.opened(out) as taken:
        with taken.file("requests-00001.jsonl") as handle:
            handle.write(b"{}")
        said = folder.say("export", "words.sql", "-o", "out")
        assert said.code == 1
        assert "error: another export writes to out\nhint: wait for it, or name another folder" in said.err
        taken.done()
    assert [one.name for one in out.iterdir()] == ["requests-00001.jsonl"]


def test_an_export_takes_away_what_a_killed_one_left_in_its_folder(folder: Folder) -> None:
    many(folder, 20_000)
    with folder.process("export", "many.sql", "-o", "out") as process:
        for _ in waiting(120):
            if (folder.root / "out" / ".requests-00001.jsonl").exists():
                break
        process.kill()
    assert exported(folder, "many.sql")["counts"]["exported"] == 20_000
    assert sorted(one.name for one in (folder.root / "out").iterdir()) == ["manifest.json", "requests-00001.jsonl"]


@pytest.mark.parametrize("named", [[], ["requests-00001.jsonl"], ["requests-00001.jsonl", "manifest.json"]])
def test_what_was_killed_while_files_got_their_names_is_taken_away_unless_all_have_theirs(
    tmp_path: Path, named: list[str]
) -> None:
    files = ["requests-00001.jsonl", "manifest.json"]
    (tmp_path / ".writing").write_text("".join(f"{name}\n" for name in files), "utf-8")
    for name in files:
        (tmp_path / (name if name in named else f".{name}")).touch()
    if named == files:
        with (
            pytest.raises(ProjectError, match=r"is not empty: it has manifest\.json and 1 more"),
            OutputFolder.opened(tmp_path),
        ):
            pass
        assert sorted(one.name for one in tmp_path.iterdir()) == sorted(files)
    else:
        with OutputFolder.opened(tmp_path):
            assert [one.name for one in tmp_path.iterdir()] == [".writing"]


def test_a_killed_one_takes_nothing_away_that_it_did_not_write(tmp_path: Path) -> None:
    (tmp_path / ".writing").write_text("requests-00001.jsonl\n", "utf-8")
    for name in (".requests-00001.jsonl", "mine.txt"):
        (tmp_path / name).touch()
    with pytest.raises(ProjectError, match=r"is not empty: it has mine\.txt"), OutputFolder.opened(tmp_path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


def test_what_a_killed_export_left_is_dropped_and_holds_nobody_up(folder: Folder) -> None:
    many(folder, 100_000)
    folder.run("words.sql", "--model", "simulated")
    with folder.process("export", "many.sql", "-o", "out") as process:
        for _ in waiting(120):
            if (folder.root / "out" / ".requests-00001.jsonl").exists():
                break
        process.kill()
    assert not (folder.root / "out" / "requests-00001.jsonl").exists()
    [run] = [row["run_id"] for row in folder.query("SELECT run_id FROM bqbatch_runs WHERE prompt = 'many'")]
    assert state_of(folder, run) == "exporting"
    assert "exporting" in folder.say("status").out
    kept = json.loads(folder.say("clean", "--format", "json").out)
    assert {(row["run_id"], row["what"]) for row in kept} == {(run, "dropped")}
    assert state_of(folder, run) == "stopped"
    assert folder.left_behind() == set()


def test_no_file_has_its_name_before_the_log_knows_of_the_export(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    done = OutputFolder.done

    def look(self: OutputFolder) -> None:
        seen.append(
            (
                state_of(folder, folder.value("SELECT MAX(run_id) AS run_id FROM bqbatch_runs")),
                sorted(path.name for path in self.path.iterdir()),
            )
        )
        done(self)

    monkeypatch.setattr(OutputFolder, "done", look)
    exported(folder, "words.sql")
    assert seen == [("exported", [".manifest.json", ".requests-00001.jsonl", ".writing"])]


def waiting(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.005)
    raise AssertionError("it took too long")
