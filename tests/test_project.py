"""Which folder is the project, and what `bqbatch.toml` says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bqbatch.errors import ProjectError
from bqbatch.project import find_root, load_project
from tests.projects import Folder

PROMPT = "SELECT 1 AS key, 'x' AS prompt\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder.made(tmp_path / "project", monkeypatch, {"deep/er/words.sql": PROMPT})


def test_the_project_is_the_nearest_folder_above_the_prompt_with_a_toml(folder: Folder) -> None:
    assert find_root(folder.root / "deep" / "er") == folder.root
    folder.write("deep/bqbatch.toml", "")
    assert find_root(folder.root / "deep" / "er") == folder.root / "deep"


def test_without_a_toml_the_project_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert find_root(tmp_path / "there") == tmp_path / "here"


def test_a_prompt_is_run_from_any_folder_into_its_own_project(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = folder.run("deep/er/words.sql")
    monkeypatch.chdir(folder.root / "deep" / "er")
    again = folder.run("words.sql")
    assert (first["requests"], again["requests"]) == (1, 0)
    monkeypatch.chdir(folder.root.parent)
    assert folder.run("project/deep/er/words.sql")["requests"] == 0
    assert [path.parent.parent for path in folder.root.parent.rglob("warehouse.duckdb")] == [folder.root]


def test_the_folder_option_is_the_current_folder_of_a_command(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.root.parent)
    assert folder.say("-C", "project", "run", "deep/er/words.sql").code == 0
    monkeypatch.chdir(folder.root.parent)
    assert '"x"' not in folder.say("-C", "project/deep", "show", "er/words.sql", "--format", "json").err


def test_two_projects_may_have_prompts_of_one_name(folder: Folder) -> None:
    for name in ("a", "b"):
        folder.write(f"{name}/bqbatch.toml", 'model = "simulated"')
        folder.write(f"{name}/words.sql", PROMPT)
    said = folder.say("run", "a/words.sql", "b/words.sql")
    assert said.code == 0, said.err


def test_without_a_toml_all_is_local_and_in_llm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = load_project(tmp_path)
    assert (project.target.name, project.target.type, project.target.dataset.path) == ("local", "local", "llm")
    assert project.warehouse_file == tmp_path / ".bqbatch" / "warehouse.duckdb"


def test_a_target_has_its_own_dataset_and_settings(folder: Folder) -> None:
    folder.write(
        "bqbatch.toml",
        """
        model = "simulated"
        temperature = 1
        dataset = "all"
        [targets.local]
        dataset = "mine"
        [targets.ci]
        type = "local"
        temperature = 0
    """,
    )
    local, ci = load_project(folder.root), load_project(folder.root, "ci")
    assert (local.target.dataset.path, local.target.defaults.temperature) == ("mine", 1)
    assert (ci.target.dataset.path, ci.target.defaults.temperature) == ("all", 0)
    assert ci.target.defaults.model == "simulated"


def test_the_default_target_is_the_one_the_toml_names(folder: Folder) -> None:
    folder.write("bqbatch.toml", 'target = "ci"\nmodel = "simulated"\n[targets.ci]\ntype = "local"\n')
    assert folder.run("deep/er/words.sql")["target"] == "ci"
    assert folder.run("deep/er/words.sql", "--target", "local")["target"] == "local"


def test_the_dataset_of_the_toml_is_where_the_view_is(folder: Folder) -> None:
    folder.write("bqbatch.toml", 'dataset = "answers"\nmodel = "simulated"\n')
    assert folder.run("deep/er/words.sql")["view"] == "answers.words"
    assert folder.query("SELECT _outcome FROM words") == [{"_outcome": "ok"}]
    assert folder.query("SELECT _outcome FROM answers.words") == [{"_outcome": "ok"}]


def test_a_dataset_may_name_its_project(folder: Folder) -> None:
    folder.write("bqbatch.toml", 'dataset = "my-project.answers"\nmodel = "simulated"\n')
    assert folder.run("deep/er/words.sql")["view"] == "my-project.answers.words"
    assert folder.query("SELECT _outcome FROM words") == [{"_outcome": "ok"}]
    assert folder.query("SELECT _outcome FROM `my-project.answers.words`") == [{"_outcome": "ok"}]


@pytest.mark.parametrize("dataset", ["", "a.b.c", "1llm", "ll m", "llm;", "größe", "a`b", "a.b; DROP"])
def test_a_dataset_that_bigquery_would_not_take_is_refused(folder: Folder, dataset: str) -> None:
    folder.write("bqbatch.toml", f'dataset = "{dataset}"')
    with pytest.raises(ProjectError, match="can't name a dataset"):
        load_project(folder.root)
