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
CHARACTERS = 200
STEPS = 10
LARGEST = 10**15 - 1  # as many digits as a FLOAT64 holds

_DAY, _CLOCK = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])", r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_FORMATS = {
    "date-time": {"pattern": f"^{_DAY}T{_CLOCK}Z$"},
    "time": {"pattern": f"^{_CLOCK}$"},
    "date": {"format": "date"},
}


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of answers that fit the `responseSchema`; every property is in each of them, in order.

    Raises ValueError where no answer can fit, or where the schema is not of Gemini's subset.
    """
    made = _json_schema(schema)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made


def steps(low: Decimal, high: Decimal) -> list[int | float]:
    """Evenly spaced numbers from `low` to `high`, both among them, with few digits."""
    span = high - low
    unit = Decimal(1).scaleb(span.adjusted() - 2)
    between = [(low + span * nth / STEPS).quantize(unit) for nth in range(1, STEPS)] if span else []
    return [int(value) if value == int(value) else float(value) for value in dict.fromkeys([low, *between, high])]


def _json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    match schema:
        case {"anyOf": [_, *_] as options}:
            return {"anyOf": [json_schema(option) for option in options]}
        case {"type": "STRING", "enum": [_, *_] as labels}:
            return {"enum": labels}
        case {"type": "STRING", "format": "date" | "date-time" | "time" as form}:
            return {"type": "string", **_FORMATS[form]}
        case {"type": "STRING"}:
            return {"type": "string", **_sizes(schema, "minLength", "maxLength", CHARACTERS)}
        case {"type": "INTEGER"}:
            low, high = _bounds(schema)
            return {"type": "integer", "minimum": math.ceil(low), "maximum": math.floor(high)}
        case {"type": "NUMBER", "minimum": _, "maximum": _}:
            return {"enum": steps(*_bounds(schema))}
        case {"type": "NUMBER"}:
            low, high = _bounds(schema)
            return {"type": "number", "minimum": float(low), "maximum": float(high), "multipleOf": 0.01}
        case {"type": "BOOLEAN" | "NULL" as kind}:
            return {"type": kind.lower()}
        case {"type": "ARRAY", "items": items}:
            return {"type": "array", "items": json_schema(items), **_sizes(schema, "minItems", "maxItems", ITEMS)}
        case {"type": "OBJECT"}:
            properties = schema.get("properties", {})
            ordering = [name for name in schema.get("propertyOrdering", ()) if name in properties]
            made = {name: json_schema(properties[name]) for name in dict.fromkeys([*ordering, *properties])}
            return {"type": "object", "properties": made, "required": list(made), "additionalProperties": False}
    raise ValueError(f"responseSchema: an answer can't be of {dict(schema)}")


def _bounds(schema: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    low, high = Decimal(str(schema.get("minimum", -LARGEST))), Decimal(str(schema.get("maximum", LARGEST)))
    if low > high or (schema["type"] == "INTEGER" and math.ceil(low) > math.floor(high)):
        raise ValueError(f"responseSchema: no {schema['type']} is {low} or more and {high} or less")
    return low, high


def _sizes(schema: Mapping[str, Any], least_name: str, most_name: str, bound: int) -> dict[str, int]:
    least = int(schema.get(least_name, 0))
    return {least_name: least, most_name: max(least, min(int(schema.get(most_name, bound)), bound))}
