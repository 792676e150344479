"""Which of Google's two services fits: `doctor`'s table, from what is set up, where a model is served, and how many rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bqbatch.doctor import which
from bqbatch.doctor.which import ASPECTS, HEADERS, comparison
from bqbatch.project import load_project
from tests.projects import Folder
from tests.targets import PROMPT, WORDS

TARGETS = """
[targets.prod]
type = "vertex"
project = "proj"

[targets.dev]
type = "developer"
"""


@pytest.fixture(autouse=True)
def nothing_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    files = {"words.csv": WORDS, "words.sql": PROMPT, "bqbatch.toml": 'model = "simulated"\n' + TARGETS}
    return Folder.made(tmp_path / "project", monkeypatch, files)


def log_in(folder: Path) -> None:
    file = folder / "gcloud" / "application_default_credentials.json"
    file.parent.mkdir()
    file.write_text("{}", "utf-8")


def compared(file: str = "", target: str | None = None, rows: int | None = None) -> tuple[dict[str, list[str]], str]:
    """The lines of the table by their first cell, and the advice."""
    found = which(target, Path(file) if file else None, {}, rows)
    assert found is not None
    return {row[0]: list(row[1:]) for row in found.rows}, found.advice


def test_every_aspect_is_told_and_what_is_here(folder: Folder) -> None:
    table, _ = compared()
    assert list(table) == [*(row[0] for row in ASPECTS), "here"]
    assert table["here"] == [
        "no credentials found; --target prod", "GEMINI_API_KEY is not set; --target dev"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cloud", "key", "advice"),
    [
        (False, False, "neither is set up"),
        (True, False, "Vertex AI: its credentials are there"),
        (False, True, "the Gemini Developer API: its key is there"),
        (True, True, "Vertex AI where the rows are in BigQuery"),
    ],
)
def test_what_is_set_up_decides(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: bool, key: bool, advice: str
) -> None:
    if cloud:
        log_in(tmp_path)
    if key:
        monkeypatch.setenv("GEMINI_API_KEY", "k3y-of-mine")
    table, advised = compared()
    assert advised.startswith(advice)
    assert ("credentials are there" in table["here"][0], "is set" in table["here"][1]) == (cloud, key)
    assert "k3y-of-mine" not in repr(table)


def test_so_many_rows_make_jobs_of_one_and_days_of_the_other(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    table, advised = compared("words.sql", None, 350_000)
    assert table["350,000 requests"] == [
        "2 jobs beside each other",
        "11 batches one after the other, 11 days if one has 300 tokens",
    ]
    assert table["gemini-3.5-flash-lite"] == ["global, us, eu", "10,000,000 tokens may wait at tier 1"]
    assert advised == "Vertex AI: the other would take them one batch after the other"
    table, advised = compared("words.sql", "dev", 350_000)
    assert advised == "Vertex AI: the other would take them one batch after the other"
    folder.write("bqbatch.toml", TARGETS + "tier = 3\n")
    table, advised = compared("words.sql", "dev", 350_000)
    assert table["350,000 requests"][1] == "1 batch if one has 300 tokens"
    assert advised.startswith("Vertex AI where the rows are in BigQuery")


def test_rows_and_their_tokens_are_those_of_the_last_run(folder: Folder) -> None:
    folder.run("words.sql", "--simulate", "")
    table, _ = compared("words.sql")
    [rows] = [name for name in table if name.endswith(" requests")]
    assert rows == f"{folder.value('SELECT COUNT(*) FROM words')} requests"
    assert re.fullmatch(r"1 batch of \d+ tokens", table[rows][1])


def test_a_model_nobody_knows_leaves_what_is_unknown_unknown(folder: Folder) -> None:
    found = comparison(load_project(folder.root), "gemini-9-ultra", 10, None)
    assert found.rows[-2:] == (
        ("gemini-9-ultra", "where is not known here", "how many tokens may wait is not known here"),
        ("10 requests", "1 job", "not known here"),
    )


def test_doctor_shows_it_below_its_checks(folder: Folder) -> None:
    lines = folder.say("doctor", "words.sql", "--rows", "350000").out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith(HEADERS[1]))
    shown = [re.split(r"\s{2,}", line.strip())[0] for line in lines[start + 2 :] if line.strip()]
    assert shown[:-1] == list(compared("words.sql", None, 350_000)[0])
    assert shown[-1] == f"which one: {compared('words.sql', None, 350_000)[1]}"
    checks = json.loads(folder.say("doctor", "--format", "json").out)
    assert {check["name"] for check in checks} >= {"python", "project"}


def test_its_json_has_it_as_one_more_check(folder: Folder) -> None:
    table, advice = compared("words.sql", None, 350_000)
    *checks, last = json.loads(folder.say("doctor", "words.sql", "--rows", "350000", "--format", "json").out)
    assert {tuple(check) for check in checks} == {("name", "state", "seen", "hint")}
    rows = last.pop("compared")
    assert last == {"name": "which one", "state": "ok", "seen": advice, "hint": None}
    assert {row["aspect"]: [row["vertex"], row["developer"]] for row in rows} == table
    folder.write("bqbatch.toml", "[")
    assert "which one" not in folder.say("doctor", "--format", "json").out
