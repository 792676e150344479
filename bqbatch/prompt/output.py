"""The output columns of a prompt: one description, three uses.

`{% output %}` holds a column list in DDL's words. It is read once (`output_ddl`) into `OutputColumn`s.
From these come Gemini's `responseSchema` (`response_schema`), the typed columns of the view and the
check of each answer (both in `sql/macros/output.sql`). Nothing else knows the types.

The dialect of `responseSchema` is the OpenAPI subset of
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output:
UPPERCASE types, `enum` on STRING only (the service refuses it on numbers), `nullable`, `propertyOrdering`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bqbatch.errors import Place

SCALARS: dict[str, dict[str, str]] = {
    "STRING": {"type": "STRING"},
    "INT64": {"type": "INTEGER"},
    "FLOAT64": {"type": "NUMBER"},
    "NUMERIC": {"type": "NUMBER"},
    "BOOL": {"type": "BOOLEAN"},
    "DATE": {"type": "STRING", "format": "date"},
    "TIMESTAMP": {"type": "STRING", "format": "date-time"},
    "DATETIME": {"type": "STRING"},
    "TIME": {"type": "STRING", "format": "time"},
}
"""The types of a column that is no STRUCT, and what each is in a `responseSchema`."""
NUMBERS = {"INT64", "FLOAT64", "NUMERIC"}


@dataclass(frozen=True, slots=True)
class Check:
    """One constraint on a column.

    `kind` is `IN`, a comparison sign, `LENGTH` (characters, at most) or `ARRAY_LENGTH` (items, at most);
    `values` are its literals.
    """

    kind: str
    values: tuple[str | int | Decimal, ...]

    @property
    def value(self) -> str | int | Decimal:
        """The only literal of a check that has one."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A typed column: `type` is GoogleSQL's name of the type (of the element, in an array), or STRUCT."""

    name: str
    type: str
    array: bool = False
    required: bool = False
    description: str | None = None
    fields: tuple[OutputColumn, ...] = ()
    checks: tuple[Check, ...] = ()
    place: Place | None = field(default=None, compare=False)

    @property
    def sql_type(self) -> str:
        """The column's type as GoogleSQL writes it."""
        inner = self.type
        if self.fields:
            inner = f"STRUCT<{', '.join(f'`{sub.name}` {sub.sql_type}' for sub in self.fields)}>"
        return f"ARRAY<{inner}>" if self.array else inner

    @property
    def enum(self) -> tuple[str, ...]:
        """The labels a STRING may take; empty when any text will do."""
        if self.type != "STRING":
            return ()
        labels = next((map(str, check.values) for check in self.checks if check.kind in ("IN", "=")), ())
        return tuple(dict.fromkeys(labels))

    @property
    def low(self) -> int | Decimal | None:
        """The least value allowed, or None."""
        return self._bound(">=", ">", 1, max)

    @property
    def high(self) -> int | Decimal | None:
        """The greatest value allowed, or None."""
        return self._bound("<=", "<", -1, min)

    def most(self, kind: str) -> int | None:
        """The least of the `LENGTH` or `ARRAY_LENGTH` limits, or None."""
        limits = [int(check.value) for check in self.checks if check.kind == kind]
        return min(limits, default=None)

    def _bound(self, closed: str, opened: str, step: int, pick: Callable[..., int | Decimal]) -> int | Decimal | None:
        if self.type not in NUMBERS:
            return None
        bounds: list[int | Decimal] = []
        for check in self.checks:
            value = check.value
            if isinstance(value, str):
                continue
            if check.kind in (closed, "="):
                bounds.append(value)
            elif check.kind == opened:
                # A schema has closed bounds only: exact for whole numbers, the nearest wider one for others.
                bounds.append(value + step if self.type == "INT64" else value)
            elif check.kind == "IN":
                bounds.append((min if step > 0 else max)(v for v in check.values if not isinstance(v, str)))
        return pick(bounds) if bounds else None


def response_schema(columns: tuple[OutputColumn, ...]) -> dict[str, Any]:
    """Gemini's `responseSchema` for an answer with these columns."""
    schema: dict[str, Any] = {
        "type": "OBJECT",
        "properties": {column.name: _property(column) for column in columns},
        "propertyOrdering": [column.name for column in columns],
    }
    if required := [column.name for column in columns if column.required]:
        schema["required"] = required
    return schema


def _property(column: OutputColumn) -> dict[str, Any]:
    schema: dict[str, Any]
    schema = response_schema(column.fields) if column.fields else dict(SCALARS[column.type])
    if column.enum:
        schema["enum"] = list(column.enum)
    if column.low is not None:
        schema["minimum"] = _number(column.low)
    if column.high is not None:
        schema["maximum"] = _number(column.high)
    if (length := column.most("LENGTH")) is not None:
        # The proto's int64 fields travel as strings in JSON.
        schema["maxLength"] = str(length)
    if column.array:
        schema = {"type": "ARRAY", "items": schema}
        if (items := column.most("ARRAY_LENGTH")) is not None:
            schema["maxItems"] = str(items)
    if column.description:
        schema["description"] = column.description
    if not column.required:
        schema["nullable"] = True
    return schema


def _number(value: int | Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)
