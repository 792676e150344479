"""What must not be taken from others: tables that are not this prompt's own, and the name of another prompt file."""

from __future__ import annotations

from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import RunError
from bqbatch.names import PromptObjects
from bqbatch.project import Project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.script import LABEL
from bqbatch.warehouses import Warehouse


def check_objects(project: Project, prompt: CompiledPrompt, warehouse: Warehouse, name: PromptObjects) -> None:
    """Raises RunError where a table or view of this name is not this prompt's own. The log is there."""
    for table in (name.view, name.rows, name.answers, name.keys, name.errors, name.usage):
        there = warehouse.describe(table)
        if there and there.labels.get(LABEL) != prompt.name:
            raise RunError(
                f"{table.strip('`')} is there and was not made by bqbatch for this prompt",
                "it is left alone; rename the prompt with config(name='…'), or drop the object",
            )
    latest = next(iter(warehouse.read(
        sqlfiles.render("ledger/latest", runs=name.dataset.runs), {"prompt": prompt.name})), None)  # fmt: skip
    if latest and latest["file"] != file_of(project, prompt) and (project.root / latest["file"]).is_file():
        raise RunError(
            f"two prompts are named `{prompt.name}`: {prompt.path} and {latest['file']}",
            "name one of them otherwise: {{ config(name = '…') }}",
        )


def file_of(project: Project, prompt: CompiledPrompt) -> str:
    """The prompt file's path in the project: the same from whatever folder it is run."""
    path = Path(prompt.path).resolve()
    return str(path.relative_to(project.root) if path.is_relative_to(project.root) else path)
