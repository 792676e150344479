"""`compile --check`: a prompt's SELECT type-checked by GoogleSQL, BigQuery's own SQL front end, without BigQuery."""

from __future__ import annotations

import shlex

import sqlglot
from sqlglot import exp

from bqbatch.errors import ProjectError, PromptError
from bqbatch.names import Dataset
from bqbatch.prompt.compile import CompiledPrompt, check_columns, check_types
from bqbatch.session import Session
from bqbatch.warehouses import Column, Warehouse


def check_prompt(session: Session, prompt: CompiledPrompt) -> tuple[Column, ...]:
    """The columns of the prompt's SELECT over the warehouse's tables as they are; its seeds are loaded for that.

    Raises PromptError at the user's line for what GoogleSQL refuses, and ProjectError where it is not installed.
    """
    try:
        from bqbatch.googlesql import GoogleSQLError, googlesql
    except ImportError as error:
        raise ProjectError(f"compile --check needs GoogleSQL ({error})", "pip install 'bqbatch[check]'") from None
    warehouse = session.warehouse()
    with warehouse.step():
        for seed in prompt.seeds:
            warehouse.load(seed.path, seed.table)
        tables = _tables(prompt.select, warehouse, session.project.target.dataset)
    try:
        found = googlesql().analyze(prompt.select, tables)
    except GoogleSQLError as error:
        raise PromptError(f"GoogleSQL can't tell: {error.message}", "run it: the warehouse checks it, too") from None
    if found.error:
        place = prompt.place_of("SELECT")
        if found.line is not None and found.column is not None:
            before = prompt.select.split("\n")[: found.line - 1]
            place = prompt.source_map.place(sum(len(line) + 1 for line in before) + found.column - 1)
        hint = f"see the SQL around it: bqbatch compile {shlex.quote(prompt.path)}"
        if found.error.startswith("Table not found"):
            hint = "only tables that are there can be checked: load it, or run the prompt that makes it"
        raise PromptError(f"GoogleSQL: {found.error.splitlines()[0]}", hint, place)
    check_columns(prompt, tuple(name for name, _ in found.columns))
    check_types(prompt, dict(found.columns))
    return tuple(Column(name, kind) for name, kind in found.columns)


def _tables(select: str, warehouse: Warehouse, dataset: Dataset) -> dict[str, dict[str, str]]:
    """The columns of the tables that a SELECT may name, as it names them; what the warehouse lacks is left out."""
    tables: dict[str, dict[str, str]] = {}
    for table in sqlglot.parse_one(select, dialect="bigquery").find_all(exp.Table):
        name = ".".join(part.name for part in table.parts)
        if there := warehouse.describe(f"`{name}`" if table.db else dataset.of(name)):
            tables[name] = {column.name: column.type for column in there.columns}
    return tables
