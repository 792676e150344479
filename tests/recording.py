"""The embedded warehouse with a memory: what it was asked, in order, with the types of the parameters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bqbatch.session import Session
from bqbatch.warehouses import DryRun, Result, Statement, Stream
from bqbatch.warehouses.duckdb import DuckDBWarehouse

PARAMETER_TYPES = {str: "STRING", int: "INT64", type(None): "STRING"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A table made of a file, and its columns: name to type."""

    table: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """GoogleSQL, and the types of its parameters. `planned` is what was looked at before it ran."""

    sql: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    planned: bool = False


class Recording(DuckDBWarehouse):
    """A warehouse that keeps in `said` all that it is asked."""

    def __init__(self, path: Path, dataset: str, said: list[Said | Loaded]) -> None:
        super().__init__(path, dataset)
        self.said = said

    def execute(self, *statements: Statement) -> None:
        self.said += [Said(statement.sql, types(statement.parameters)) for statement in statements]
        super().execute(*statements)

    def read(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        self.said.append(Said(sql, types(parameters or {})))
        return super().read(sql, parameters)

    def dry_run(self, sql: str) -> DryRun:
        self.said.append(Said(sql, planned=True))
        return super().dry_run(sql)

    def load(self, path: Path, table: str) -> None:
        super().load(path, table)
        self._loaded(table)

    def replace(self, path: Path, table: str, label: str) -> None:
        super().replace(path, table, label)
        self._loaded(table)

    @contextlib.contextmanager
    def stream(self, sql: str) -> Iterator[Stream]:
        self.said.append(Said(sql))
        with super().stream(sql) as rows:
            yield rows

    def _loaded(self, table: str) -> None:
        found = self.describe(table)
        assert found
        self.said.append(Loaded(table, {column.name: column.type for column in found.columns}))


def types(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {name: PARAMETER_TYPES[type(value)] for name, value in parameters.items()}


def record(monkeypatch: pytest.MonkeyPatch) -> list[Said | Loaded]:
    """What every warehouse that commands open from now on is asked."""
    said: list[Said | Loaded] = []

    def warehouse(session: Session) -> Recording:
        return Recording(session.project.warehouse_file, session.project.target.dataset.path, said)

    monkeypatch.setattr(Session, "warehouse", warehouse)
    return said
