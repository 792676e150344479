"""Columns and cells as BigQuery's API writes them."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from bqbatch.warehouses import Column

_LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def reference_name(reference: Mapping[str, Any]) -> str:
    """`dataset.table` of a table reference."""
    return f"{reference['datasetId']}.{reference['tableId']}"


def schema_field(column: Column) -> dict[str, Any]:
    """A column as the API describes it."""
    kind, mode = column.type, "NULLABLE"
    if kind.startswith("ARRAY<"):
        kind, mode = kind[len("ARRAY<") : -1], "REPEATED"
    made: dict[str, Any] = {"name": column.name, "type": _LEGACY.get(kind, kind), "mode": mode}
    if kind.startswith("STRUCT<"):
        made |= {"type": "RECORD", "fields": [schema_field(inner) for inner in fields_of(kind)]}
    return made


def fields_of(struct: str) -> list[Column]:
    """The fields of `STRUCT<a INT64, b ARRAY<STRING>>`."""
    data = exp.DataType.build(struct, dialect="bigquery")
    return [Column(inner.this.name, inner.args["kind"].sql("bigquery")) for inner in data.expressions]


def cell(value: Any, kind: str) -> Any:
    """A value as the API writes it: nearly all are strings."""
    if value is None:
        return [] if kind.startswith("ARRAY<") else None
    if kind.startswith("ARRAY<"):
        return [{"v": cell(item, kind[len("ARRAY<") : -1])} for item in value]
    if kind.startswith("STRUCT<"):
        return {"f": [{"v": cell(value[column.name], column.type)} for column in fields_of(kind)]}
    match kind:
        case "BOOL":
            return "true" if value else "false"
        case "BYTES":
            return base64.b64encode(value).decode()
        case "TIMESTAMP":
            return str((value - _EPOCH) // dt.timedelta(microseconds=1))
        case "DATETIME" | "DATE" | "TIME":
            return value.isoformat()
        case "FLOAT64":
            return repr(value)
        case _:
            return str(value)
