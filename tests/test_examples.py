"""The examples do what their READMEs say, with made-up answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import Folder

EXAMPLES = sorted(path.parent for path in (Path(__file__).parent.parent / "examples").glob("*/README.md"))


def commands(readme: str) -> list[str]:
    """The commands in a README's blocks."""
    blocks = re.findall(r"^```\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.startswith("bqbatch ")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_commands_of_an_example_run(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / example.name
    shutil.copytree(example, root, ignore=shutil.ignore_patterns(".bqbatch"))
    said = commands((example / "README.md").read_text("utf-8"))
    assert said
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in said:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=root,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
    monkeypatch.chdir(root)
    folder = Folder(root)
    for run in folder.query("SELECT prompt, row_count, ok FROM bqbatch_runs"):
        assert folder.value(f"SELECT COUNT(*) AS n FROM {run['prompt']} WHERE _outcome NOT IN ('ok', 'skipped')") == 0
        assert 0 < run["ok"] <= run["row_count"]


def test_an_invoice_becomes_nested_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(EXAMPLES[0].parent / "extract", tmp_path / "extract", ignore=shutil.ignore_patterns(".bqbatch"))
    monkeypatch.chdir(tmp_path / "extract")
    folder = Folder(tmp_path / "extract")
    folder.run("invoices.sql", "--model", "simulated")
    nested = "SELECT vendor.name AS vendor, items[SAFE_OFFSET(0)].what AS first, ARRAY_LENGTH(items) AS n FROM invoices WHERE key = 'I02'"
    assert folder.query(nested) == [{"vendor": "simulated 5b1e2a9f", "first": "simulated be7f2b0c", "n": 3}]
