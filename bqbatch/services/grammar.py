"""Gemini's `responseSchema` as a JSON Schema in which every answer comes to an end.

A small model does not stop by itself: an array, a text or a number that its schema leaves open runs into the output
cap. Here each gets a bound. The rest is translated: UPPERCASE types of the OpenAPI subset, `nullable`,
`propertyOrdering`, and limits that travel as strings
(https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

ITEMS = 8
"""The most items of an array."""
CHARACTERS = 200
"""The most characters of a text."""
STEPS = 10
"""The steps between the least and the greatest value of a number that has both."""
LARGEST = 10**15 - 1
"""The greatest number where the schema names none: as many digits as a FLOAT64 holds."""

_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_FORMATS = {
    "date": {"format": "date"},
    "date-time": {"pattern": f"^{_DAY}T{_CLOCK}Z$"},
    "time": {"pattern": f"^{_CLOCK}$"},
}


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of answers that fit the `responseSchema`; every property is in each of them, in order.

    Raises ValueError where no answer can fit, or where the schema is not of Gemini's subset.
    """
    if options := schema.get("anyOf"):
        made: dict[str, Any] = {"anyOf": [json_schema(option) for option in options]}
    else:
        kind = schema.get("type")
        if kind not in _KINDS:
            raise ValueError(f"responseSchema: there is no type {kind}")
        made = _KINDS[kind](schema)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made


def _string(schema: Mapping[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {"enum": [str(label) for label in schema["enum"]]}
    if schema.get("format") in _FORMATS:
        return {"type": "string", **_FORMATS[schema["format"]]}
    least = int(schema.get("minLength", 0))
    return {"type": "string", "minLength": least, "maxLength": _most(schema, "maxLength", least, CHARACTERS)}


def _integer(schema: Mapping[str, Any]) -> dict[str, Any]:
    low, high = _bounds(schema)
    return {"type": "integer", "minimum": math.ceil(low), "maximum": math.floor(high)}


def _number(schema: Mapping[str, Any]) -> dict[str, Any]:
    low, high = _bounds(schema)
    if "minimum" in schema and "maximum" in schema:
        return {"enum": steps(low, high)}
    return {"type": "number", "minimum": float(low), "maximum": float(high), "multipleOf": 0.01}


def _array(schema: Mapping[str, Any]) -> dict[str, Any]:
    least = int(schema.get("minItems", 0))
    most = _most(schema, "maxItems", least, ITEMS)
    return {"type": "array", "items": json_schema(schema["items"]), "minItems": least, "maxItems": most}


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    ordered = [name for name in schema.get("propertyOrdering", ()) if name in properties]
    names = [*ordered, *(name for name in properties if name not in ordered)]
    return {
        "type": "object",
        "properties": {name: json_schema(properties[name]) for name in names},
        "required": names,
        "additionalProperties": False,
    }


_KINDS = {
    "STRING": _string, "INTEGER": _integer, "NUMBER": _number, "ARRAY": _array, "OBJECT": _object,
    "BOOLEAN": lambda _: {"type": "boolean"}, "NULL": lambda _: {"type": "null"},
}  # fmt: skip


def steps(low: Decimal, high: Decimal) -> list[int | float]:
    """Evenly spaced numbers from `low` to `high`, both among them, with few digits."""
    span = high - low
    unit = Decimal(1).scaleb(span.adjusted() - 2) if span else Decimal(1)
    between = [(low + span * nth / STEPS).quantize(unit) for nth in range(1, STEPS)] if span else []
    return [int(value) if value == int(value) else float(value) for value in dict.fromkeys([low, *between, high])]


def _bounds(schema: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    low, high = (Decimal(str(schema[name])) if name in schema else None for name in ("minimum", "maximum"))
    if low is None:
        low = min(Decimal(-LARGEST), high or Decimal(0))
    if high is None:
        high = max(Decimal(LARGEST), low)
    if low > high:
        raise ValueError(f"responseSchema: no number is {low} at least and {high} at most")
    return low, high


def _most(schema: Mapping[str, Any], name: str, least: int, bound: int) -> int:
    most = int(schema.get(name, max(least, bound)))
    if least > most:
        raise ValueError(f"responseSchema: {name} is {most}, less than the least, {least}")
    return max(least, min(most, bound))
