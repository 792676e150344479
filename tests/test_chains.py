"""Prompts that build on each other: `ref`, their order, and what is refused until the first is complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import Folder

WORDS = "id,word\n" + "".join(f"{number},word {number}\n" for number in range(20))
LABELS = """
{% output %} label STRING NOT NULL CHECK (label IN ('a', 'b')) {% endoutput %}
SELECT id AS key, word, {{ prompt('Label {word}') }} AS prompt FROM {{ seed('words.csv') }}
"""
REPLIES = """
SELECT key, label, {{ prompt('Reply to {word}, which is {label}') }} AS prompt
FROM {{ ref('labels') }}
WHERE _outcome = 'ok'
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    files = {"words.csv": WORDS, "labels.sql": LABELS, "replies.sql": REPLIES}
    return Folder.made(tmp_path / "project", monkeypatch, files)


def test_prompts_run_in_the_order_of_their_refs_whatever_was_typed(folder: Folder) -> None:
    said = folder.say("run", "replies.sql", "labels.sql")
    assert said.code == 0, said.err
    assert said.out.index("labels") < said.out.index("replies")
    assert (
        folder.value("SELECT COUNT(*) AS n FROM replies JOIN labels USING (key, label) WHERE replies._outcome = 'ok'")
        == 20
    )


def test_what_was_not_run_is_named_with_the_command_that_runs_it(folder: Folder) -> None:
    said = folder.say("run", "replies.sql")
    assert (said.code, said.err) == (
        1,
        "error: replies.sql:3:14: ref('labels'): `labels` has no view yet\nhint: run it before: bqbatch run labels.sql\n",
    )
    assert folder.left_behind() == set()


def test_rows_without_an_answer_are_refused_unless_told_otherwise(folder: Folder) -> None:
    folder.run("labels.sql", "--limit", "5")
    said = folder.say("run", "replies.sql")
    assert (said.code, said.err) == (
        1,
        "error: replies.sql:3:14: ref('labels'): 15 rows of `labels` have no answer yet\n"
        "hint: finish it: bqbatch run labels.sql, or take what is there: --allow-partial\n",
    )
    assert folder.run("replies.sql", "--allow-partial")["rows"] == 5
    folder.run("labels.sql")
    assert folder.run("replies.sql") | {"run_id": ""} == {
        "run_id": "", "name": "replies", "target": "local", "model": "simulated", "rows": 20, "requests": 15,
        "reused": 5, "outcomes": {"ok": 20}, "input_tokens": 105, "output_tokens": 135, "cost_usd": 0.0,
        "view": "llm.replies",
    }  # fmt: skip


def test_a_table_that_no_prompt_made_is_no_upstream(folder: Folder) -> None:
    folder.run("labels.sql")
    with folder.warehouse._open() as connection:
        connection.execute("CREATE TABLE llm.plain AS SELECT 1 AS key, 'ok' AS _outcome")
    folder.write("replies.sql", REPLIES.replace("'labels'", "'plain'"))
    assert "`plain` is no prompt's view" in folder.say("run", "replies.sql").err


def test_a_changed_answer_upstream_asks_the_rows_that_it_changes(folder: Folder) -> None:
    folder.run("labels.sql")
    folder.run("replies.sql")
    folder.write("words.csv", WORDS.replace("word 7\n", "another\n"))
    folder.run("labels.sql")
    assert folder.run("replies.sql")["requests"] == 1


def test_a_chain_goes_through_views_of_any_length(folder: Folder) -> None:
    folder.write("a1.sql", "SELECT 1 AS key, {{ prompt('Say something') }} AS prompt")
    for number in range(2, 6):
        folder.write(
            f"a{number}.sql",
            f"SELECT key, {{{{ prompt('Shorter: {{answer}}') }}}} AS prompt FROM {{{{ ref('a{number - 1}') }}}}",
        )
    said = folder.say("run", "a5.sql", "a3.sql", "a1.sql", "a4.sql", "a2.sql")
    assert said.code == 0, said.err
    assert folder.query("SELECT _outcome FROM a5") == [{"_outcome": "ok"}]
