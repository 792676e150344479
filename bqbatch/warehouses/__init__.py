"""The seam to the warehouse: where the rows are and stay.

An adapter is the only importer of its client library. All SQL that crosses the seam is GoogleSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow

    from bqbatch.names import Dataset


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and its GoogleSQL type, such as `ARRAY<STRUCT<a STRING>>`."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """What the warehouse knows of a table or view: its columns, the labels on it, and which of the two it is."""

    columns: tuple[Column, ...]
    labels: Mapping[str, str]
    is_view: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that changes the warehouse; `job_id` makes a repeat of it do nothing."""

    sql: str
    job_id: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the warehouse says of a query before it runs; `bytes` it would read, None where that costs nothing."""

    columns: tuple[Column, ...]
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a query: columns, and rows as tuples of Python values."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = [column.name for column in self.columns]
        return (dict(zip(names, row, strict=True)) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Stream:
    """The answer to a query, as it comes: its columns, and its rows in Arrow's batches. JSON is text in them."""

    columns: tuple[Column, ...]
    schema: pyarrow.Schema
    batches: Iterator[pyarrow.RecordBatch]


class Warehouse(Protocol):
    """A place that runs GoogleSQL. Every method may raise WarehouseError."""

    @property
    def exclusive(self) -> bool:
        """Whether one process at a time may work in it."""

    def step(self) -> AbstractContextManager[None]:
        """Calls inside belong together; a warehouse that one process at a time may open stays open for them."""

    def sparingly(self) -> AbstractContextManager[None]:
        """Calls inside keep little in this machine's memory: they read tables from end to end, and need no more."""

    def dry_run(self, sql: str) -> DryRun:
        """What a query would return; the source of truth for the columns of a SELECT."""

    def execute(self, *statements: Statement) -> None:
        """Runs the statements in order, each at most once ever by its job id."""

    def read(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        """The rows of a query. Only for what a person looks at and for what is counted."""

    def stream(self, sql: str) -> AbstractContextManager[Stream]:
        """The rows of a query that may be many, for as long as the context lasts."""

    def load(self, path: Path, table: str) -> None:
        """Makes a table of a .csv, .parquet or .jsonl file, unless it is there already."""

    def replace(self, path: Path, table: str, label: str) -> None:
        """Makes a table of such a file, with a label, in place of one that may be there; readers see either."""

    def set_descriptions(self, table: str, descriptions: Mapping[str, str]) -> None:
        """Describes columns of a table or view, by name; others keep what they have."""

    def list_tables(self, dataset: Dataset | None = None) -> tuple[str, ...]:
        """The names of all tables and views in the warehouse's own dataset, or in another one."""

    def describe(self, table: str) -> Table | None:
        """The columns and labels of a table or view, or None where there is none."""
