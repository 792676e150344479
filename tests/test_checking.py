"""`compile --check`: what GoogleSQL says of a prompt's SELECT; what it refuses is among the cases of bad input."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from tests.projects import Folder

PROMPT = "SELECT *, {{ prompt('Say {word}') }} AS prompt FROM {{ seed('words.csv') }}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder.made(tmp_path / "project", monkeypatch, {"words.csv": "key,word\n1,red\n", "words.sql": PROMPT})


def test_the_columns_of_a_star_are_told_and_the_statements_know_them(folder: Folder) -> None:
    said = folder.say("compile", "words.sql", "--check")
    assert (said.code, said.err) == (0, "note: GoogleSQL takes it: key INT64, word STRING, prompt STRING\n")
    assert "* EXCEPT (prompt, bqb_null_column)" in said.out
    assert said.out.endswith("DROP TABLE IF EXISTS `llm.words__claim`;\n")


def test_a_prompt_over_another_ones_view_is_checked_once_that_is_there(folder: Folder) -> None:
    folder.write("again.sql", "SELECT key, {{ prompt('{answer} {_outcome}') }} AS prompt FROM {{ ref('words') }}")
    assert "Table not found: llm.words" in folder.say("compile", "again.sql", "--check").err
    folder.run("words.sql")
    assert folder.say("compile", "again.sql", "--check").err == "note: GoogleSQL takes it: key INT64, prompt STRING\n"


def test_tables_are_found_however_they_are_named(folder: Folder) -> None:
    folder.run("words.sql")
    for name in ("words", "llm.words", "`llm.words`", "`llm`.`words`"):
        folder.write(
            "again.sql", f"WITH w AS (SELECT * FROM {name}) SELECT key, {{{{ prompt('{{answer}}') }}}} AS prompt FROM w"
        )
        assert folder.say("compile", "again.sql", "--check").code == 0


def test_fields_and_columns_with_odd_names_keep_them(folder: Folder) -> None:
    folder.write(
        "odd.sql",
        "{% output %}`order` STRUCT<`select` STRING, a INT64>{% endoutput %} SELECT 1 AS key, {{ prompt('x') }} AS prompt",
    )
    folder.run("odd.sql")
    folder.write(
        "again.sql",
        "SELECT key, `order`, {{ prompt('x') }} AS prompt FROM {{ ref('odd') }} WHERE `order`.`select` != ''",
    )
    said = folder.say("compile", "again.sql", "--check")
    assert said.err == "note: GoogleSQL takes it: key INT64, order STRUCT<`select` STRING, a INT64>, prompt STRING\n"


def test_where_it_is_not_installed_the_command_that_installs_it_is_named(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("bqbatch.googlesql"):
            raise ImportError("No module named 'zetasql'")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    said = folder.say("compile", "words.sql", "--check")
    assert (said.code, said.err) == (
        1,
        "error: compile --check needs GoogleSQL (No module named 'zetasql')\nhint: pip install 'bqbatch[check]'\n",
    )
