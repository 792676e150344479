"""What a prompt file compiles to: the SELECT, where each piece of it comes from, the answer's columns and the request.

Of a case's sections, those in `SAID` are expectations, each optional, and `variables` holds `--var`s, one a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bqbatch.project import load_project
from bqbatch.prompt.compile import CompiledPrompt, compile_prompt
from bqbatch.prompt.output import Check, OutputColumn
from tests.casefile import make_files, read_case, write_case

CASES = Path(__file__).parent / "cases" / "prompts"
FILES = sorted(CASES.glob("*.case"))
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*/*.sql"))
PROMPTS = [path for path in EXAMPLES if "{% prompt %}" in path.read_text("utf-8")]


def places(prompt: CompiledPrompt) -> str:
    """Each piece of the SELECT with its place; `~` before one that an expression made."""
    segments = prompt.source_map.segments
    ends = [segment.start for segment in segments[1:]] + [len(prompt.select)]
    return "".join(
        f"{prompt.source_map.place(segment.start)} {' ' if segment.copied else '~'}{prompt.select[segment.start : end]!r}\n"
        for segment, end in zip(segments, ends, strict=True)
        if segment.start < min(end, len(prompt.select))
    )


def described(column: OutputColumn) -> str:
    rules = [f"{check.kind} {shown(check)}" for check in column.checks]
    facts = [column.sql_type, *(["NOT NULL"] if column.required else []), *rules]
    inner = "".join(f"  {line}\n" for field in column.fields for line in described(field).splitlines())
    return f"{column.name}: {', '.join(facts)}\n{inner}"


def shown(check: Check) -> str:
    return "|".join(map(str, check.values))


SAID: dict[str, Callable[[CompiledPrompt], str]] = {
    "select": lambda prompt: f"{prompt.select}\n",
    "places": places,
    "columns": lambda prompt: (
        f"{'only the warehouse knows' if prompt.columns is None else ', '.join(prompt.columns)}\n"
    ),
    "name": lambda prompt: f"{prompt.name}\n",
    "system": lambda prompt: f"{prompt.envelope.system}\n",
    "output": lambda prompt: "".join(map(described, prompt.output)),
    "schema": lambda prompt: f"{json.dumps(prompt.schema, indent=2, ensure_ascii=False)}\n",
    "request": lambda prompt: f"hashed: {prompt.envelope.closing}\n  sent: {prompt.envelope.closing_sent}\n",
}


def compiled(path: Path, variables: dict[str, str]) -> CompiledPrompt:
    project = load_project(path.parent)
    return compile_prompt(path, project.root, project.target.dataset, variables, project.target.defaults)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def prompt(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CompiledPrompt:
    monkeypatch.chdir(tmp_path)
    sections = read_case(case)
    make_files(tmp_path, {"bqbatch.toml": "", **sections}, known=(*SAID, "variables"))
    lines = sections.get("variables", "").splitlines()
    return compiled(tmp_path / "prompt.sql", dict(line.split("=", 1) for line in lines))


def test_a_prompt_compiles_to_what_the_case_expects(case: Path, prompt: CompiledPrompt, rewrite: bool) -> None:
    sections = read_case(case)
    made = {name: SAID[name](prompt) for name in sections if name in SAID}
    assert made
    if rewrite:
        write_case(case, sections | made)
    assert made == {name: text for name, text in read_case(case).items() if name in SAID}


def test_every_copied_character_is_found_at_its_place(prompt: CompiledPrompt) -> None:
    assert_places_are_true(prompt)


@pytest.mark.parametrize("path", PROMPTS, ids=lambda path: path.name)
def test_every_copied_character_of_an_example_is_found_at_its_place(path: Path) -> None:
    assert_places_are_true(compiled(path, {}))


def assert_places_are_true(prompt: CompiledPrompt) -> None:
    """What was copied stands in the file where the map says; so does the name of each placeholder."""
    lines = {file.path: file.text.split("\n") for file in prompt.source_map.files}
    segments = prompt.source_map.segments
    ends = [segment.start for segment in segments[1:]] + [len(prompt.select)]
    for segment, end in zip(segments, ends, strict=True):
        for offset in range(segment.start, min(end, len(prompt.select))) if segment.copied else ():
            place = prompt.source_map.place(offset)
            line = f"{lines[place.path][place.line - 1]}\n"
            assert line[place.column - 1] == prompt.select[offset], (place, offset)
    for name in re.finditer(r"CAST\((`\w+`(?:\.`\w+`)*) AS STRING\)", prompt.select):
        place = prompt.source_map.place(name.start(1))
        assert re.match(
            rf"\{{?{name[1].replace('`', '')}|.*\{{\{{", lines[place.path][place.line - 1][place.column - 1 :]
        )
