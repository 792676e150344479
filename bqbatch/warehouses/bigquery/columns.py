"""BigQuery's columns by their GoogleSQL types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqbatch.warehouses import Column

if TYPE_CHECKING:
    from google.cloud import bigquery

_TYPES = {
    "INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT",
}  # fmt: skip


def column_of(field: bigquery.SchemaField) -> Column:
    """A column with its GoogleSQL type: the API has older names, and arrays as a mode."""
    kind = _TYPES.get(field.field_type, field.field_type)
    if kind == "STRUCT":
        inner = (column_of(each) for each in field.fields)
        kind = f"STRUCT<{', '.join(f'{column.name} {column.type}' for column in inner)}>"
    return Column(field.name, f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind)
