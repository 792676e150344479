"""Values of the warehouse as JSON and as text that is safe to show."""

from __future__ import annotations

import base64
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from bqbatch.warehouses import Result

_EXACT = 2**53
_SHOWN_FORMATS = {"\u200d"}  # joins emoji


def to_json(value: Any, sql_type: str = "") -> Any:
    """A value as JSON can hold it: whole numbers beyond 2^53, NUMERIC and dates as strings, BYTES as base64."""
    match value:
        case bool() | None:
            return value
        case int():
            return value if -_EXACT <= value <= _EXACT else str(value)
        case float():
            return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        case Decimal():
            text = format(value, "f")  # normalize() would round to 28 digits
            return text.rstrip("0").rstrip(".") if "." in text else text
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case str() if sql_type == "JSON":
            return json.loads(value)
        case Mapping():
            types = _types_of_fields(sql_type)
            return {name: to_json(item, types.get(name, "")) for name, item in value.items()}
        case list() | tuple():
            inner = sql_type.removeprefix("ARRAY<").removesuffix(">")
            return [to_json(item, inner) for item in value]
        case _:
            return str(value)


def _types_of_fields(struct: str) -> dict[str, str]:
    """The fields of `STRUCT<a JSON, b ARRAY<INT64>>` by name."""
    fields, depth = [""], 0
    for char in struct.removeprefix("STRUCT<").removesuffix(">"):
        depth += (char == "<") - (char == ">")
        if char == "," and not depth:
            fields.append("")
        else:
            fields[-1] += char
    named = (re.match(r"`?(.*?)`? (.*)", field.strip(), re.DOTALL) for field in fields)
    return {found[1]: found[2] for found in named if found}


def records(result: Result) -> list[dict[str, Any]]:
    """The rows of a result as JSON objects."""
    return [
        {column.name: to_json(value, column.type) for column, value in zip(result.columns, row, strict=True)}
        for row in result.rows
    ]


def as_json(value: Any, indent: int | None = 2) -> str:
    """JSON text in which every character that could steer a terminal is escaped."""
    return re.sub(
        r"[^\n -~]",
        lambda found: found[0] if printable(found[0]) == found[0] else json.dumps(found[0])[1:-1],
        json.dumps(value, indent=indent, ensure_ascii=False),
    )


def as_text(value: Any, sql_type: str = "") -> str:
    """A value in one line, for a table."""
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    made = to_json(value, sql_type)
    return printable(made if isinstance(made, str) else json.dumps(made, ensure_ascii=False))


def printable(text: str, keep: str = "") -> str:
    """Text with every control and invisible formatting character spelled out, so that it can't steer a terminal."""
    return "".join(
        char
        if char in keep or char in _SHOWN_FORMATS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else char.encode("unicode_escape").decode()
        for char in text
    )
