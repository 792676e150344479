"""The tables of a dataset as the statements declare them that make and drop them, judged one after the other."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from bqbatch.googlesql import Columns
from tests.oracle.bigquery import refused
from tests.oracle.googlesql import googlesql


@dataclass
class Catalog:
    """Tables and views by their path, each with its columns, name to type."""

    tables: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def take(self, sql: str, parameters: Mapping[str, str]) -> Columns:
        """The columns of a statement that both GoogleSQL and BigQuery take; what it makes or drops is made or dropped."""
        tables = tuple(
            (path, tuple(columns.items()))
            for path, columns in self.tables.items()
            if re.search(rf"\.{path.rpartition('.')[2]}\b", sql)  # of few tables a catalog is made sooner
        )
        columns, change = judged(sql, tables, tuple(parameters.items()))
        if change:
            path, kind = change
            if kind == "dropped":
                self.tables.pop(path, None)
            elif kind == "replaced" or path not in self.tables:  # else nothing is made, or it fails
                self.tables[path] = dict(columns)
        return columns


@functools.cache
def judged(
    sql: str, tables: tuple[tuple[str, Columns], ...], parameters: Columns
) -> tuple[Columns, tuple[str, str] | None]:
    """The columns of a statement, and which table it has made, replaced or dropped.

    Fails where GoogleSQL or BigQuery has something against it.
    """
    found = googlesql().analyze(sql, {path: dict(columns) for path, columns in tables}, dict(parameters))
    assert found.error is None, f"{found.error} [at {found.line}:{found.column}]\n{sql}"
    tree = sqlglot.parse_one(sql, dialect="bigquery")
    assert refused(tree) == [], sql
    change = None
    if isinstance(tree, exp.Create) and tree.kind != "SCHEMA":
        change = path_of(tree.this), "replaced" if tree.args.get("replace") else "made"
    elif isinstance(tree, exp.Drop):
        [table] = tree.args["tables"]
        change = path_of(table), "dropped"
    return found.columns, change


def path_of(table: exp.Expr) -> str:
    """The path of the table that an expression is or holds: `llm.words`."""
    named = table if isinstance(table, exp.Table) else table.find(exp.Table)
    assert named
    return ".".join(part.name for part in named.parts)
