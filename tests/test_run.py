"""What a run asks, keeps, counts and leaves: the whole way through the command line, on a warehouse in a file."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from bqbatch.errors import RunError
from bqbatch.run.planner import Planner
from bqbatch.run.result import OUTCOMES
from bqbatch.run.runner import Runner
from bqbatch.screen import Screen
from bqbatch.services import Job, JobState, JobStatus
from bqbatch.services.simulated import SimulatedService
from bqbatch.session import Session
from bqbatch.warehouses import Statement
from tests.projects import Folder, Row

OUTPUT = "{% output %} label STRING NOT NULL CHECK (label IN ('a', 'b')), score FLOAT64 {% endoutput %}"
PROMPT = (
    f"{OUTPUT} SELECT id AS key, word, {{{{ prompt('Label {{word}}') }}}} AS prompt FROM {{{{ seed('words.csv') }}}}"
)
WORDS = {1: "red", 2: "green", 3: "red", 4: None, 5: "blue", 6: "black"}
EVERY_FAULT = ("429", "400", "truncated", "blocked", "bad_json", "schema", "missing", "duplicate", "late")


def seed(words: dict[int, str | None]) -> str:
    return "id,word\n" + "".join(f"{key},{word or ''}\n" for key, word in words.items())


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project whose warehouse other processes may open."""
    return Folder.made(tmp_path / "project", monkeypatch, {"words.sql": PROMPT, "words.csv": seed(WORDS)})


@pytest.fixture
def folder(shared: Folder) -> Iterator[Folder]:
    with shared.opened():
        yield shared


# What is asked.


def test_a_first_run_asks_every_distinct_request_once(folder: Folder) -> None:
    result = folder.run("words.sql")
    assert result == {
        "run_id": result["run_id"], "name": "words", "target": "local", "model": "simulated", "rows": 6, "requests": 4,
        "reused": 0, "outcomes": {"ok": 5, "skipped": 1}, "input_tokens": 12, "output_tokens": result["output_tokens"],
        "cost_usd": 0.0, "view": "llm.words",
    }  # fmt: skip
    assert result["output_tokens"] > 0
    rows = folder.query("SELECT * FROM words ORDER BY key")
    assert [row["word"] for row in rows] == list(WORDS.values())
    assert rows[0]["_request_hash"] == rows[2]["_request_hash"]
    assert rows[0]["label"] == rows[2]["label"] in ("a", "b")


def test_the_columns_of_the_view_are_described(folder: Folder) -> None:
    folder.write("words.sql", PROMPT.replace("FLOAT64", r"FLOAT64 OPTIONS (description = 'how sure it\'s')"))
    folder.run("words.sql")
    with folder.warehouse._open() as connection:
        found = connection.sql(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'words'"
        ).fetchall()
    described = {name: comment for name, comment in found if comment}
    assert described["_outcome"].startswith("ok, truncated")
    assert described["score"] == "how sure it's"


def test_a_rerun_asks_nothing_and_says_so(folder: Folder) -> None:
    first, again = folder.run("words.sql"), folder.run("words.sql")
    assert (again["requests"], again["reused"], again["rows"]) == (0, 5, 6)
    assert (again["input_tokens"], again["output_tokens"], again["cost_usd"]) == (0, 0, 0.0)
    assert again["outcomes"] == first["outcomes"]
    assert {row["_run_id"] for row in folder.query("SELECT DISTINCT _run_id FROM words")} == {first["run_id"], None}


def test_one_changed_row_asks_one(folder: Folder) -> None:
    folder.run("words.sql")
    folder.write("words.csv", seed(WORDS | {2: "yellow", 4: "red", 7: None}))
    result = folder.run("words.sql")
    assert (result["rows"], result["requests"], result["reused"]) == (7, 1, 5)
    assert result["outcomes"] == {"ok": 6, "skipped": 1}


def test_a_changed_prompt_asks_every_row_again(folder: Folder) -> None:
    folder.run("words.sql")
    folder.write("words.sql", PROMPT.replace("Label", "Please label"))
    assert folder.run("words.sql")["requests"] == 4


@pytest.mark.parametrize("change", ["temperature = 0", "thinking = 'low'"])
def test_a_setting_that_shapes_answers_asks_every_row_again(folder: Folder, change: str) -> None:
    folder.run("words.sql")
    folder.write("words.sql", f"{{{{ config({change}) }}}}{PROMPT}")
    assert folder.run("words.sql")["requests"] == 4


def test_what_does_not_shape_answers_asks_nothing(folder: Folder) -> None:
    folder.run("words.sql")
    folder.write("words.sql", f"-- A note.\n{{{{ config(max_output_tokens = 100, max_attempts = 2) }}}}\n{PROMPT}\n")
    assert folder.run("words.sql")["requests"] == 0


def test_a_limit_leaves_rows_pending_and_never_out(folder: Folder) -> None:
    folder.write("words.csv", seed({key: f"word {key}" for key in (10, 9, 8, 100, 2)}))
    first = folder.run("words.sql", "--limit", "2")
    assert (first["rows"], first["requests"], first["outcomes"]) == (5, 2, {"pending": 3, "ok": 2})
    assert [row["key"] for row in folder.query("SELECT key FROM words WHERE _outcome = 'ok' ORDER BY key")] == [2, 8]
    again = folder.run("words.sql", "--limit", "2")
    assert (again["rows"], again["requests"], again["outcomes"]) == (5, 2, {"ok": 4, "pending": 1})
    assert folder.run("words.sql")["outcomes"] == {"ok": 5}


def test_a_full_refresh_asks_all_and_keeps_what_was_answered(folder: Folder) -> None:
    first = folder.run("words.sql")
    again = folder.run("words.sql", "--full-refresh")
    assert (again["requests"], again["reused"]) == (4, 0)
    assert folder.value("SELECT COUNT(*) AS n FROM words__answers") == 8
    assert folder.value(f"SELECT COUNT(*) AS n FROM words WHERE _run_id = '{first['run_id']}'") == 0


def test_a_full_refresh_with_a_limit_asks_so_many(folder: Folder) -> None:
    folder.run("words.sql")
    again = folder.run("words.sql", "--full-refresh", "--limit", "1")
    assert (again["requests"], again["reused"], again["outcomes"]) == (1, 3, {"ok": 5, "skipped": 1})


@pytest.mark.parametrize(("fault", "outcome"), [("429:50%,500:50%", "retryable"), ("missing:1", "missing")])
def test_what_may_go_better_is_asked_again_until_the_last_attempt(folder: Folder, fault: str, outcome: str) -> None:
    asked = [folder.run("words.sql", "--simulate", fault)["requests"] for _ in range(4)]
    assert asked == [4, 4, 4, 0]
    assert folder.query("SELECT attempt, outcome, COUNT(*) AS n FROM words__answers GROUP BY 1, 2 ORDER BY 1") == [
        {"attempt": attempt, "outcome": outcome, "n": 4} for attempt in (1, 2, 3)
    ]
    assert folder.run("words.sql", "--full-refresh")["outcomes"] == {"ok": 5, "skipped": 1}


def test_the_number_of_attempts_is_a_setting(folder: Folder) -> None:
    folder.write("words.sql", f"{{{{ config(max_attempts = 1) }}}}{PROMPT}")
    assert [folder.run("words.sql", "--simulate", "429:100%")["requests"] for _ in range(2)] == [4, 0]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("400", "failed"),
        ("truncated", "truncated"),
        ("blocked", "blocked"),
        ("bad_json", "invalid_json"),
        ("schema", "schema_mismatch"),
    ],
)
def test_what_would_go_the_same_way_waits(folder: Folder, fault: str, outcome: str) -> None:
    first = folder.run("words.sql", "--simulate", f"{fault}:100%")
    assert first["outcomes"] == {outcome: 5, "skipped": 1}
    assert folder.run("words.sql")["requests"] == 0
    [row] = folder.query(
        "SELECT DISTINCT _outcome, label, score FROM words WHERE _outcome != 'skipped' AND label IS NULL"
    )
    assert row == {"_outcome": outcome, "label": None, "score": None}


def test_a_worse_refresh_never_hides_an_answer_that_is_ok(folder: Folder) -> None:
    folder.run("words.sql")
    before = folder.query("SELECT * FROM words ORDER BY key")
    worse = folder.run("words.sql", "--full-refresh", "--simulate", "400:50%,429:50%")
    assert (worse["requests"], worse["reused"], worse["outcomes"]) == (4, 5, {"ok": 5, "skipped": 1})
    assert folder.query("SELECT * FROM words ORDER BY key") == before


def test_the_latest_answer_counts_where_none_is_ok(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "400:100%")
    assert folder.run("words.sql", "--full-refresh", "--simulate", "truncated:100%")["outcomes"]["truncated"] == 5


def test_a_sample_asks_the_same_thing_several_times(folder: Folder) -> None:
    folder.write(
        "words.sql", "SELECT id AS key, 'Say a word.' AS prompt, MOD(id, 3) AS sample FROM {{ seed('words.csv') }}"
    )
    result = folder.run("words.sql")
    assert (result["rows"], result["requests"]) == (6, 3)
    assert len({row["answer"] for row in folder.query("SELECT answer FROM words")}) == 3


def test_answers_are_kept_by_prompt_name_and_not_by_file(folder: Folder) -> None:
    folder.run("words.sql")
    (folder.root / "words.sql").rename(folder.root / "colours.sql")
    folder.write("colours.sql", f"{{{{ config(name = 'words') }}}}{PROMPT}")
    assert folder.run("colours.sql")["requests"] == 0


# What comes out.


def test_every_outcome_is_reached_in_one_run_and_every_row_accounted_for(folder: Folder) -> None:
    folder.write("words.csv", seed({**{key: f"word {key}" for key in range(120)}, 120: None, 121: "word 0"}))
    faults = ",".join(f"{fault}:9%" for fault in EVERY_FAULT if fault != "late")
    first = folder.run("words.sql", "--limit", "110", "--simulate", faults)
    assert set(first["outcomes"]) == set(OUTCOMES)
    assert first["rows"] == sum(first["outcomes"].values()) == 122
    assert (first["outcomes"]["skipped"], first["outcomes"]["pending"]) == (1, 10)
    again = folder.run("words.sql")
    asked = sum(first["outcomes"][outcome] for outcome in ("pending", "retryable", "missing"))
    assert (again["requests"], again["outcomes"]["ok"]) == (asked, first["outcomes"]["ok"] + asked)
    assert again["rows"] == sum(again["outcomes"].values()) == 122
    assert_accounted_for(folder)


def assert_accounted_for(folder: Folder) -> None:
    """The views agree with each other, and each request has one answer an attempt."""
    outcomes = Counter(row["_outcome"] for row in folder.query("SELECT _outcome FROM words"))
    errors = Counter(row["_outcome"] for row in folder.query("SELECT _outcome FROM words__errors"))
    assert outcomes - Counter(ok=outcomes["ok"]) == errors
    assert folder.value("SELECT COUNT(*) AS n FROM words__errors WHERE _error IS NULL") == outcomes["pending"]
    assert folder.value("SELECT COUNT(*) AS n FROM words__rows") == outcomes.total()
    answers = folder.value("SELECT COUNT(*) AS n FROM words__answers")
    assert folder.value("SELECT SUM(requests) AS n FROM words__usage") == answers
    assert (
        folder.query("SELECT request_hash FROM words__answers GROUP BY request_hash, attempt HAVING COUNT(*) > 1") == []
    )


def test_rows_are_conserved_through_runs_with_every_fault(folder: Folder) -> None:
    folder.write("words.csv", seed({key: f"word {key % 80}" if key % 9 else None for key in range(100)}))
    for _ in range(4):
        result = folder.run("words.sql", "--simulate", ",".join(f"{fault}:10%" for fault in EVERY_FAULT))
        assert sum(result["outcomes"].values()) == result["rows"] == 100
    assert result["requests"] == 0
    assert_accounted_for(folder)
    assert folder.left_behind() == set()


def test_late_answers_are_pending_first_and_then_ok(folder: Folder) -> None:
    first = folder.run("words.sql", "--simulate", "late:100%")
    assert (first["requests"], first["outcomes"]) == (4, {"pending": 5, "skipped": 1})
    assert folder.query("SELECT state FROM bqbatch_jobs") == [{"state": "submitted"}]
    again = folder.run("words.sql", "--simulate", "late:100%")
    assert (again["requests"], again["outcomes"]) == (0, {"ok": 5, "skipped": 1})
    assert folder.query("SELECT state FROM bqbatch_jobs") == [{"state": "collected"}]
    assert folder.left_behind() == set()


def test_an_answer_that_comes_twice_counts_once(folder: Folder) -> None:
    assert folder.run("words.sql", "--simulate", "duplicate:100%")["outcomes"] == {"ok": 5, "skipped": 1}
    assert folder.value("SELECT COUNT(*) AS n FROM words__answers") == 4


def test_no_rows_are_a_success(folder: Folder) -> None:
    folder.write("words.csv", "id,word\n")
    said = folder.say("run", "words.sql", "--format", "json")
    assert (said.code, said.err) == (0, "note: the SELECT returned no rows\n")
    result = json.loads(said.out)
    assert (result["rows"], result["requests"], result["outcomes"], result["cost_usd"]) == (0, 0, {}, 0)
    assert folder.query("SELECT key, label, _outcome FROM words") == []


def test_a_view_shrinks_with_its_source(folder: Folder) -> None:
    folder.run("words.sql")
    folder.write("words.csv", seed({5: "blue"}))
    assert folder.run("words.sql")["outcomes"] == {"ok": 1}
    folder.write("words.csv", seed({}))
    assert folder.run("words.sql")["outcomes"] == {}
    folder.write("words.csv", seed(WORDS))
    assert folder.run("words.sql")["requests"] == 0


def test_rows_without_a_prompt_are_all_skipped_and_told(folder: Folder) -> None:
    folder.write("words.csv", seed({1: None, 2: None}))
    said = folder.say("run", "words.sql")
    assert "note: 2 rows are skipped: `word` is NULL" in said.err
    assert [row["_error"] for row in folder.query("SELECT _error FROM words")] == ["`word` is NULL"] * 2
    assert folder.run("words.sql")["outcomes"] == {"skipped": 2}


def test_carried_columns_keep_their_types_and_values(folder: Folder) -> None:
    folder.write(
        "words.sql", f"{OUTPUT} SELECT *, {{{{ prompt('Label {{s}}') }}}} AS prompt FROM {{{{ seed('all.parquet') }}}}"
    )
    duckdb.sql("SET TimeZone = 'UTC'")
    made = duckdb.sql("""
        SELECT 1::BIGINT AS key, 9007199254740993::BIGINT AS i, 0.1::DOUBLE AS f, 1.5::DECIMAL(38, 9) AS n, TRUE AS b,
          'ü' AS s, 'a\\x00\\xFF'::BLOB AS y, DATE '2026-01-02' AS d, TIME '03:04:05.6' AS t,
          TIMESTAMP '2026-01-02 03:04:05' AS dt, TIMESTAMPTZ '2026-01-02 03:04:05.6+00' AS ts, [1, 2] AS ai,
          ['x'] AS "as", {'a': 1::BIGINT, 'b': 'x'} AS st, [{'a': DATE '2026-01-02'}] AS ast, []::BIGINT[] AS none
        UNION ALL SELECT 2, NULL, NULL, NULL, NULL, 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    """)
    assert made
    made.write_parquet(str(folder.root / "all.parquet"))
    assert folder.run("words.sql")["outcomes"] == {"ok": 2}
    full, empty = folder.query("SELECT * FROM words ORDER BY key")
    carried = {
        name: value for name, value in full.items() if not name.startswith("_") and name not in ("label", "score")
    }
    assert carried == {
        "key": 1, "i": "9007199254740993", "f": 0.1, "n": "1.5", "b": True, "s": "ü", "y": "YQD/", "d": "2026-01-02",
        "t": "03:04:05.600000", "dt": "2026-01-02T03:04:05", "ts": "2026-01-02T03:04:05.600000Z", "ai": [1, 2],
        "as": ["x"], "st": {"a": 1, "b": "x"}, "ast": [{"a": "2026-01-02"}], "none": [],
    }  # fmt: skip
    assert all(empty[name] is None for name in carried if name not in ("key", "s"))
    table = folder.warehouse.describe("`llm.words`")
    assert table
    assert {column.name: column.type for column in table.columns if column.name in carried} == {
        "key": "INT64", "i": "INT64", "f": "FLOAT64", "n": "NUMERIC", "b": "BOOL", "s": "STRING", "y": "BYTES", "d": "DATE",
        "t": "TIME", "dt": "DATETIME", "ts": "TIMESTAMP", "ai": "ARRAY<INT64>", "as": "ARRAY<STRING>",
        "st": "STRUCT<a INT64, b STRING>", "ast": "ARRAY<STRUCT<a DATE>>", "none": "ARRAY<INT64>",
    }  # fmt: skip


def test_a_carried_json_column_stays_json(folder: Folder) -> None:
    folder.write(
        "words.sql",
        """
        SELECT 1 AS key, PARSE_JSON('{"a": [1, null, "x"]}', wide_number_mode => 'round') AS data, 'x' AS prompt
    """,
    )
    folder.run("words.sql")
    assert folder.query("SELECT data, JSON_VALUE(data, '$.a[2]') AS x FROM words") == [
        {"data": {"a": [1, None, "x"]}, "x": "x"}
    ]


def test_names_and_values_of_any_script_survive(folder: Folder) -> None:
    odd = [
        "größe",
        "日本語",
        "emoji 👩‍👩‍👧",
        "quote ' and \"",
        "back\\slash",
        "line\nbreak",
        "{braces}",
        "{{ jinja }}",
        "a\u2028b",
        "`tick`",
    ]
    folder.write(
        "words.jsonl", "".join(f"{json.dumps({'id': word, 'word': word}, ensure_ascii=False)}\n" for word in odd)
    )
    folder.write(
        "words.sql",
        """
        SELECT id AS key, word AS `größe`, word AS `日本`, CONCAT(word, '!') AS `two words`, {{ prompt('Say {word}') }} AS prompt
        FROM {{ seed('words.jsonl') }}
    """,
    )
    result = folder.run("words.sql")
    assert (result["rows"], result["requests"], result["outcomes"]) == (len(odd), len(odd), {"ok": len(odd)})
    rows = folder.query("SELECT * FROM words")
    assert sorted(row["key"] for row in rows) == sorted(odd)
    assert all(row["key"] == row["größe"] == row["日本"] and f"{row['key']}!" == row["two words"] for row in rows)
    sent = folder.query("SELECT JSON_VALUE(request, '$.contents[0].parts[0].text') AS text FROM words__answers")
    assert sorted(row["text"] for row in sent) == sorted(f"Say {word}" for word in odd)


# What is written down.


def test_the_log_tells_a_run_from_its_start_to_its_end(folder: Folder) -> None:
    run = folder.run("words.sql")
    again = folder.run("words.sql")
    events = folder.query("SELECT run_id, event, event_id FROM bqbatch_log ORDER BY time, event_id")
    assert Counter((row["run_id"], row["event"]) for row in events) == Counter(
        [(run["run_id"], event) for event in ("started", "planned", "intended", "submitted", "collected", "finished")]
        + [(again["run_id"], event) for event in ("started", "planned", "finished")]
    )
    assert len({row["event_id"] for row in events}) == len(events)
    assert next(row["event"] for row in events if row["run_id"] == run["run_id"]) == "started"


def test_runs_and_jobs_are_views_of_the_log(folder: Folder) -> None:
    run = folder.run("words.sql")
    [row] = folder.query("SELECT * EXCEPT (started, last_event, ended) FROM bqbatch_runs")
    assert row == {
        "run_id": run["run_id"], "prompt": "words", "state": "finished", "file": "words.sql", "target": "local",
        "model": "simulated", "output": row["output"], "max_attempts": 3, "shard_size": None,
        "online": False, "price": row["price"], "estimated_input_tokens": row["planned_input_tokens"], "ratio": "1",
        "row_count": 6, "requests": 4, "reused": 0, "ok": 5,
        "outcomes": '{"ok":5,"skipped":1}', "input_tokens": 12, "output_tokens": run["output_tokens"], "cost_usd": "0",
        "message": None, "planned_input_tokens": row["planned_input_tokens"],
        "planned_output_tokens": row["planned_output_tokens"], "planned_usd_low": "0", "planned_usd": "0",
        "planned_usd_high": "0", "max_cost": "10", "refused": None,
    }  # fmt: skip
    assert 100 < row["planned_input_tokens"] < 300
    assert 0 < row["planned_output_tokens"] < 300
    assert json.loads(row["price"]) == {"input": "0", "output": "0", "cached": None}
    [job] = folder.query("SELECT * EXCEPT (intended, submitted, collected) FROM bqbatch_jobs")
    assert job == {
        "run_id": run["run_id"], "prompt": "words", "shard": 1, "attempt": 1, "state": "collected",
        "job": f"{run['run_id']}_1_1", "requests": 4, "answered": 4, "ended_as": "SUCCEEDED", "again": False,
        "first_position": 1, "last_position": 4, "estimated_input_tokens": row["estimated_input_tokens"],
        "worst_usd": "0", "input_tokens": 12, "output_tokens": run["output_tokens"], "cost_usd": "0",
    }  # fmt: skip
    assert [row["state"] for row in folder_status(folder)] == ["finished"]


def folder_status(folder: Folder, *arguments: str) -> list[Row]:
    said = folder.say("status", *arguments, "--format", "json")
    assert said.code == 0, said.err
    rows: list[Row] = json.loads(said.out)
    return rows


def test_a_run_that_fails_is_in_the_log_with_its_reason(folder: Folder) -> None:
    folder.run("words.sql")
    before = folder.query("SELECT * FROM words ORDER BY key")
    folder.write("words.csv", seed(WORDS) + "1,twice\n")
    assert folder.say("run", "words.sql").code == 1
    assert [row["state"] for row in folder_status(folder, "words.sql")] == ["failed"]
    assert "1 key stands more than once" in folder_status(folder)[0]["message"]
    assert folder.query("SELECT * FROM words ORDER BY key") == before
    assert folder.left_behind() == set()


def test_each_run_keeps_which_request_answered_which_key(folder: Folder) -> None:
    first = folder.run("words.sql")
    folder.write("words.csv", seed(WORDS | {2: "yellow"}))
    again = folder.run("words.sql")
    changed = f"""
        SELECT a.key FROM words__keys AS a JOIN words__keys AS b ON a.key = b.key
        WHERE a.run_id = '{first["run_id"]}' AND b.run_id = '{again["run_id"]}' AND a.request_hash != b.request_hash
    """
    assert folder.query(changed) == [{"key": "2"}]


def test_a_run_leaves_its_objects_and_no_working_tables(folder: Folder) -> None:
    folder.run("words.sql")
    names = {"words", *(f"words__{name}" for name in ("rows", "answers", "keys", "errors", "usage"))}
    seeds = {name for name in folder.tables() if name.startswith("seed_words_")}
    assert folder.tables() == names | seeds | {"bqbatch_log", "bqbatch_runs", "bqbatch_jobs"}
    assert len(seeds) == 1


def test_a_seed_is_loaded_once_per_content(folder: Folder) -> None:
    seeds = set()
    for words in (WORDS, WORDS, WORDS | {7: "new"}, WORDS):
        folder.write("words.csv", seed(words))
        folder.run("words.sql")
        seeds = {name for name in folder.tables() if name.startswith("seed_words_")}
    assert len(seeds) == 2


# What must not be taken from others.


@pytest.mark.parametrize(
    "name", ["words", "words__rows", "words__answers", "words__keys", "words__errors", "words__usage"]
)
@pytest.mark.parametrize("kind", ["TABLE", "VIEW"])
def test_an_object_of_somebody_else_is_left_alone(folder: Folder, name: str, kind: str) -> None:
    folder.warehouse.execute(Statement(f"CREATE {kind} `llm.{name}` AS SELECT 'precious' AS data", "made"))
    said = folder.say("run", "words.sql")
    assert said.code == 1
    assert said.err == (
        f"error: llm.{name} is there and was not made by bqbatch for this prompt\n"
        "hint: it is left alone; rename the prompt with config(name='…'), or drop the object\n"
    )
    assert folder.value(f"SELECT data FROM {name}") == "precious"
    assert folder.left_behind() == set()


def test_the_objects_of_one_prompt_are_not_taken_by_another(folder: Folder) -> None:
    folder.run("words.sql")
    folder.write("other.sql", PROMPT)
    assert folder.run("other.sql")["view"] == "llm.other"
    assert folder.query("SELECT COUNT(*) AS n FROM words") == folder.query("SELECT COUNT(*) AS n FROM other")


# While a run is under way.


class Watched(SimulatedService):
    """The simulated service, whose job runs for as long as a hook takes."""

    hook: Callable[[], None] | None = None

    def poll(self, job: Job) -> JobStatus:
        if self.hook:
            hook, self.hook = self.hook, None
            hook()
            return JobStatus(JobState.RUNNING, done=1)
        return super().poll(job)


def run_with(folder: Folder, hook: Callable[[], None]) -> None:
    """Runs words.sql in this process and calls the hook while its job is under way."""
    session = Session.open(folder.root / "words.sql")
    prompt = session.compile(folder.root / "words.sql", {})
    warehouse = session.warehouse()
    service = Watched(warehouse, prompt.output)
    service.hook = hook
    Runner(Planner(session.project, prompt, warehouse, Screen(quiet=True)), service).run()
    assert service.hook is None


def test_readers_see_the_old_view_until_the_new_one_is_published(folder: Folder) -> None:
    folder.run("words.sql")
    before = folder.query("SELECT * FROM words ORDER BY key")
    folder.write("words.csv", seed({1: "new", 2: "newer"}))
    seen: list[list[Row]] = []
    run_with(folder, lambda: seen.append(folder.query("SELECT * FROM words ORDER BY key")))
    assert seen == [before]
    assert [row["word"] for row in folder.query("SELECT word FROM words ORDER BY key")] == ["new", "newer"]


def test_other_processes_read_during_a_run(shared: Folder) -> None:
    shared.run("words.sql")
    shared.write("words.csv", seed({1: "new"}))

    def look() -> None:
        shown, said, status = (
            shared.said_by(*command)
            for command in (
                ("show", "words.sql"),
                ("query", "SELECT COUNT(*) AS n FROM words"),
                ("status", "--format", "json"),
            )
        )
        assert shown.out.count("\n") == len(WORDS) + 2
        assert said.out.split() == ["n", "─", "6"]
        assert [row["state"] for row in json.loads(status.out)] == ["open"]

    run_with(shared, look)


def test_a_second_run_of_a_prompt_leaves_with_a_clear_error(shared: Folder) -> None:
    def second() -> None:
        said = shared.said_by("run", "words.sql")
        assert said.code == 1
        assert "error: another run of `words` is under way: 2" in said.err
        assert f", process {os.getpid()} on " in said.err
        assert said.err.endswith("hint: wait for it; `bqbatch status` shows how far it is\n")
        shared.write("other.sql", PROMPT)
        assert shared.said_by("run", "other.sql").code == 0

    run_with(shared, second)
    assert [row["prompt"] for row in shared.query("SELECT prompt FROM bqbatch_runs ORDER BY run_id")] == [
        "words",
        "other",
    ]
    assert shared.left_behind() == set()


def test_two_processes_that_start_at_once_do_not_ask_twice(shared: Folder) -> None:
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(shared.process("run", "words.sql")) for _ in range(3)]
        for process in processes:
            process.communicate(timeout=120)
    codes = {process.returncode for process in processes}
    assert 0 in codes
    assert codes <= {0, 1}
    assert shared.value("SELECT COUNT(*) AS n FROM words__answers") == 4
    assert shared.left_behind() == set()


def claim(folder: Folder, *, pid: int, host: str = "", minutes: int = 10) -> None:
    """Puts the claim of another run there."""
    folder.run("words.sql")
    host = f"'{host}'" if host else f"'{os.uname().nodename}'"
    sql = f"SELECT 'other' AS run_id, {host} AS host, {pid} AS pid, TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {minutes} MINUTE) AS expires"
    folder.warehouse.execute(Statement(f"CREATE TABLE `llm.words__claim` AS {sql}", "claimed"))


def test_the_claim_of_a_process_that_is_gone_is_taken_over(folder: Folder) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    claim(folder, pid=gone.pid)
    assert folder.run("words.sql")["rows"] == 6
    assert folder.left_behind() == set()


def test_the_claim_of_a_process_that_is_alive_is_respected(folder: Folder) -> None:
    claim(folder, pid=os.getppid())
    assert folder.say("run", "words.sql").code == 1
    assert folder.left_behind() == {"words__claim"}


@pytest.mark.parametrize(("minutes", "code"), [(1, 1), (-1, 0)])
def test_the_claim_of_another_machine_holds_until_it_runs_out(folder: Folder, minutes: int, code: int) -> None:
    claim(folder, pid=1, host="elsewhere", minutes=minutes)
    assert folder.say("run", "words.sql").code == code


def test_a_run_does_not_give_back_a_claim_that_was_taken_over(folder: Folder) -> None:
    def take() -> None:
        folder.warehouse.execute(Statement("UPDATE `llm.words__claim` SET run_id = 'other' WHERE TRUE", "taken"))

    run_with(folder, take)
    assert folder.left_behind() == {"words__claim"}


def test_a_job_that_brings_an_answer_nobody_asked_for_leaves_it_out(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    def add() -> None:
        [name] = (name for name in folder.tables() if name.startswith("bqb_resp_"))
        folder.warehouse.execute(Statement(f"UPDATE `llm.{name}` SET key = CONCAT(key, 'x') WHERE key < '4'", "odd"))

    folder.write("words.csv", seed({key: f"word {key}" for key in range(40)}))
    run_with(folder, add)
    strangers = folder.value("SELECT COUNT(*) AS n FROM words WHERE _outcome = 'missing'")
    assert f"note: {strangers} responses have a key that was not asked; they are left out" in capsys.readouterr().err
    assert folder.value("SELECT COUNT(*) AS n FROM words") == 40
    assert_accounted_for(folder)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED])
def test_a_job_that_ends_badly_brings_what_it_has_and_the_rest_is_asked_again(folder: Folder, state: JobState) -> None:
    class Ending(SimulatedService):
        def poll(self, _job: Job) -> JobStatus:
            self._warehouse.execute(
                Statement(f"DELETE FROM {_job.responses} WHERE STRPOS('0123', SUBSTR(key, 1, 1)) = 0", "lost")
            )
            return JobStatus(state, message="it was too hot")

    folder.write("words.csv", seed({key: f"word {key}" for key in range(40)}))
    session = Session.open(folder.root / "words.sql")
    prompt = session.compile(folder.root / "words.sql", {})
    warehouse = session.warehouse()
    result = Runner(
        Planner(session.project, prompt, warehouse, Screen(quiet=True)), Ending(warehouse, prompt.output)
    ).run()
    attempts = [row["attempt"] for row in folder.query("SELECT attempt FROM bqbatch_jobs ORDER BY attempt")]
    if state == JobState.CANCELLED:  # somebody wanted that
        assert set(result.outcomes) == {"ok", "pending"}
        assert attempts == [1]
    else:
        assert result.outcomes == {"ok": 40}
        assert attempts == [1, 2]
    again = folder.run("words.sql")
    assert again["requests"] == result.outcomes.get("pending", 0)
    assert again["outcomes"] == {"ok": 40}
    assert_accounted_for(folder)


def test_a_view_that_lost_a_row_is_an_error_and_not_a_result(folder: Folder) -> None:
    """Conservation is checked on what was published, so that a defect can't pass for a result."""

    session = Session.open(folder.root / "words.sql")
    prompt = session.compile(folder.root / "words.sql", {})
    warehouse = session.warehouse()

    class Broken(type(warehouse)):  # type: ignore[misc]
        def execute(self, *statements: Statement) -> None:
            super().execute(
                *(
                    Statement(
                        s.sql.replace(
                            "FROM `llm.words__rows` AS source",
                            "FROM (SELECT * FROM `llm.words__rows` LIMIT 5) AS source",
                        ),
                        s.job_id,
                        s.parameters,
                    )
                    for s in statements
                )
            )

    broken = Broken(session.project.warehouse_file, "llm")
    with pytest.raises(RunError, match="1 rows are not exactly once in the view"):
        Runner(
            Planner(session.project, prompt, broken, Screen(quiet=True)), SimulatedService(broken, prompt.output)
        ).run()
