"""README's commands are run, and what it shows is what they print.

A fenced `console` block holds commands after `$ ` and their output. `<!-- shape -->` above a block: a model answers, only
the shape of the output is compared. `<!-- fresh -->`: the block starts with an empty dataset. `<!-- file: … -->`: the block
is that file.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
_BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]+?) -->\n)?```(?P<kind>\w*)\n(?P<body>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    mark: str
    kind: str
    body: str
    span: tuple[int, int]


def blocks(text: str) -> list[Block]:
    return [Block(f["mark"] or "", f["kind"], f["body"], f.span("body")) for f in _BLOCK.finditer(text)]


def printed(command: str, folder: Path) -> str:
    """What a command prints, its errors in their place, as on a screen of 100 columns."""
    words, _, source = command.partition(" < ")
    program = [sys.executable, "-m", "bqbatch", *shlex.split(words)[1:]]
    given = (folder / source).read_text("utf-8") if source else None
    environment = os.environ | {"COLUMNS": "100", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(
        program, cwd=folder, input=given, text=True, capture_output=True, env=environment, check=False, timeout=300
    )
    assert "Traceback" not in done.stderr, done.stderr
    said = re.sub(r"\d{8}_\d{6}_[0-9a-f]{6}", "20261123_084501_3f9a7c", done.stderr + done.stdout)  # ids of runs
    return "".join(f"{line}\n" for line in said.splitlines())


def as_run(block: Block, folder: Path) -> str:
    """The block with the output of its commands as they print it now."""
    if block.mark == "fresh":
        shutil.rmtree(folder / "examples/reviews/.bqbatch", ignore_errors=True)
    commands = [line[2:] for line in block.body.splitlines() if line.startswith("$ ")]
    return "\n".join(f"$ {command}\n{printed(command, folder)}" for command in commands)


def shape(text: str) -> list[str]:
    """What stays the same whatever a model answers: commands, table heads, and the words before the numbers."""
    lines = []
    for line in text.splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        lines.append(cells[0] if not re.match(r"R\d+|[─ ]+$", line.strip()) else line.strip()[:1])
    return lines


def undated(text: str) -> list[str]:
    """What stays the same although prices grow old and models are retired."""
    return [line for line in shape(text) if line != "pay less" and not line.startswith("note: the price of")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", made / "examples", ignore=shutil.ignore_patterns(".bqbatch"))
    return made


def test_readme_shows_what_its_commands_print(folder: Path, rewrite: bool) -> None:
    text = README.read_text("utf-8")
    made, end = "", 0
    for block in blocks(text):
        if block.mark.startswith("file: "):
            now = (ROOT / block.mark.removeprefix("file: ")).read_text("utf-8")
        elif block.kind == "console":
            now = as_run(block, folder)
        else:
            continue
        made, end = made + text[end : block.span[0]] + now, block.span[1]
        if block.mark == "shape":
            check_answers(now)
        if not rewrite:
            compare = {"shape": shape, "dated": undated}.get(block.mark, str)
            assert compare(now) == compare(block.body)
    if rewrite:
        README.write_text(made + text[end:], "utf-8")


def check_answers(text: str) -> None:
    """A model answered, and nine rows of ten are ok."""
    found = re.search(r"rows +(\d+) \((\d+) ok", text)
    assert found
    assert int(found[2]) >= 0.9 * int(found[1])
    assert "smollm2-135m" in text


def test_readme_names_every_command_and_no_other() -> None:
    from bqbatch.cli import main

    text = README.read_text("utf-8")
    named = set(re.findall(r"bqbatch (?:-C \S+ )?([a-z]+)\b", text)) - {"is", "works"}
    assert named == set(main.commands)


def test_the_targets_that_readme_sets_up_are_some_and_their_settings_are_told(tmp_path: Path) -> None:
    from bqbatch.project import _DEFAULTS, _TARGET_KEYS, load_project

    text = README.read_text("utf-8")
    settings = [block.body for block in blocks(text) if block.kind == "toml"]
    (tmp_path / "bqbatch.toml").write_text("\n".join(settings), "utf-8")
    target = load_project(tmp_path, "prod").target
    assert (target.type, target.project, target.dataset.path) == ("vertex", "my-project", "my-project.llm")
    assert (target.location, target.maximum_bytes_billed) == ("global", 10**11)
    target = load_project(tmp_path, "dev").target
    assert (target.type, target.is_embedded, target.dataset.path, target.tier) == ("developer", True, "llm", 1)
    tables = [rest.partition("\n\n")[0] for rest in text.split("| setting of the target |")[1:]]
    told = {
        name for table in tables for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split(" | ")[0])
    }
    assert told == set(_TARGET_KEYS) - {"type", "endpoint", *_DEFAULTS}


def test_readme_compares_the_two_services_as_doctor_does() -> None:
    from bqbatch.doctor.which import ASPECTS, HEADERS

    text = README.read_text("utf-8")
    assert "\n".join(f"| {' | '.join(row)} |" for row in (HEADERS, *ASPECTS)) in text.replace("|---|---|---|\n", "")


def test_every_link_of_readme_leads_somewhere() -> None:
    for page in (README, ROOT / "CONTRIBUTING.md", *ROOT.glob("examples/*/README.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"
