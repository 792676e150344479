"""DuckDB's types and GoogleSQL's: what a column is called, and what a file's column is made of."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from bqbatch.errors import WarehouseError

_TYPES = {
    "bigint": "INT64", "integer": "INT64", "smallint": "INT64", "tinyint": "INT64", "hugeint": "INT64",
    "ubigint": "INT64", "uinteger": "INT64", "usmallint": "INT64", "utinyint": "INT64",
    "double": "FLOAT64", "float": "FLOAT64", "decimal": "NUMERIC", "boolean": "BOOL", "varchar": "STRING",
    "blob": "BYTES", "date": "DATE", "time": "TIME", "timestamp": "DATETIME",
    "timestamp with time zone": "TIMESTAMP", "json": "JSON", '"null"': "INT64", "uuid": "STRING",
}  # fmt: skip
_LOADED = {
    "timestamp_ns": "TIMESTAMP", "timestamptz_ns": "TIMESTAMPTZ", "time_ns": "TIME", "timestamp_s": "TIMESTAMP",
    "timestamp_ms": "TIMESTAMP", "hugeint": "VARCHAR", "uhugeint": "VARCHAR", "bignum": "VARCHAR", "ubigint": "DECIMAL(38, 9)", "enum": "VARCHAR",
    "uuid": "VARCHAR", "null": "VARCHAR",
}  # fmt: skip
"""What a file may hold and GoogleSQL has otherwise: times count microseconds, whole numbers beyond INT64 keep their
digits, and a column without a value is STRING, as in BigQuery (https://cloud.google.com/bigquery/docs/schema-detect)."""


def sql_type(kind: Any) -> str:
    """GoogleSQL's name of a DuckDB type."""
    if str(kind) == "JSON":
        return "JSON"
    if kind.id in ("list", "array"):
        return f"ARRAY<{sql_type(kind.children[0][1])}>"
    if kind.id == "struct":
        fields = (
            f"{exp.to_identifier(name).sql(dialect='bigquery')} {sql_type(child)}" for name, child in kind.children
        )
        return f"STRUCT<{', '.join(fields)}>"
    return _TYPES.get(kind.id, str(kind))


def loaded_type(kind: Any, column: str) -> str:
    """The DuckDB type that a file's column of type `kind` gets. Raises WarehouseError where GoogleSQL has none."""
    if str(kind) == "JSON":
        return "JSON"
    if kind.id in ("list", "array"):
        [inner] = [child for name, child in kind.children if name == "child"]
        if inner.id in ("list", "array"):
            raise WarehouseError(f"column `{column}` is an array of arrays, which GoogleSQL does not have", _OTHERWISE)
        return f"{loaded_type(inner, column)}[]"
    if kind.id == "struct":
        fields = (f"{quoted(name)} {loaded_type(child, f'{column}.{name}')}" for name, child in kind.children)
        return f"STRUCT({', '.join(fields)})"
    if kind.id in _LOADED:
        return _LOADED[kind.id]
    if kind.id not in _TYPES:
        raise WarehouseError(f"column `{column}` is of type {kind}, which GoogleSQL does not have", _OTHERWISE)
    return str(kind)


_OTHERWISE = "write it as a STRUCT, as text or as JSON in a text column"


def quoted(name: str) -> str:
    """A name as DuckDB takes any."""
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
