"""Google's discovery documents as judges: what a client sent and what a server says have the shapes they promise.

They come with google-api-python-client (bigquery v2 and aiplatform v1), so that the loopback server can't drift into
our imagination. That of the Gemini Developer API is not in any package: a file beside this one says what is known of it.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NUMBERS = {"int64", "uint64"}


class NotInDiscoveryError(Exception):
    """A message has a field, a type or a value that the discovery document does not."""


@functools.cache
def document(name: str) -> Mapping[str, Any]:
    """A discovery document, such as `bigquery.v2`."""
    ours = Path(__file__).parent / f"{name}.json"
    theirs = importlib.resources.files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json"
    found: Mapping[str, Any] = json.loads((ours if ours.exists() else theirs).read_text("utf-8"))
    return found


@functools.cache
def methods(name: str) -> tuple[tuple[str, str, re.Pattern[str], Mapping[str, Any]], ...]:
    """Every method of a document: its id, its verb, its path as a pattern, and what the document says of it."""
    found: list[tuple[str, str, re.Pattern[str], Mapping[str, Any]]] = []
    base = document(name)["servicePath"]

    def walk(holder: Mapping[str, Any]) -> None:
        found.extend(
            (method["id"], method["httpMethod"], _pattern(base + method.get("flatPath", method["path"])), method)
            for method in holder.get("methods", {}).values()
        )
        for inner in holder.get("resources", {}).values():
            walk(inner)

    walk(document(name))
    return tuple(found)


def method_of(name: str, verb: str, path: str) -> tuple[str, Mapping[str, Any]]:
    """The method that a request means. Raises NotInDiscoveryError where there is none."""
    for identifier, http, pattern, method in methods(name):
        if http == verb and pattern.fullmatch(path.lstrip("/")):
            return identifier, method
    raise NotInDiscoveryError(f"{name} has no {verb} {path}")


def check(name: str, schema: str | Mapping[str, Any], value: Any, at: str = "") -> None:
    """Raises NotInDiscoveryError where a JSON value is not what a schema of the document says."""
    wanted = document(name)["schemas"][schema] if isinstance(schema, str) else schema
    if "$ref" in wanted:
        check(name, wanted["$ref"], value, at)
        return
    kind = wanted.get("type", "any")
    if kind == "any" or value is None:
        return
    if kind == "object":
        _check_type(value, dict, kind, at)
        fields, others = wanted.get("properties", {}), wanted.get("additionalProperties")
        for field, inner in value.items():
            if field in fields:
                check(name, fields[field], inner, f"{at}.{field}")
            elif others is not None:
                check(name, others, inner, f"{at}.{field}")
            else:
                raise NotInDiscoveryError(f"{at or schema} has no field {field}")
    elif kind == "array":
        _check_type(value, list, kind, at)
        for index, inner in enumerate(value):
            check(name, wanted["items"], inner, f"{at}[{index}]")
    elif kind == "string":
        numeric = wanted.get("format") in _NUMBERS
        _check_type(value, (str, int) if numeric else str, kind, at)
        if numeric and not re.fullmatch(r"-?\d+", str(value)):
            raise NotInDiscoveryError(f"{at} is no {wanted['format']}: {value}")
        # Enums are open: a service may have values that its document does not have yet; a client may not.
        if "enum" in wanted and value not in wanted["enum"]:
            raise NotInDiscoveryError(f"{at} is none of {', '.join(wanted['enum'])}: {value}")
    elif kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return  # JSON of protobuf takes a number in quotes
    else:
        python = {"boolean": bool, "integer": int, "number": (int, float)}[kind]
        _check_type(value, python, kind, at)


def in_camel_case(name: str, schema: str | Mapping[str, Any], value: Any) -> Any:
    """A JSON value with the fields named as in the document: JSON of protobuf takes `system_instruction` as well."""
    wanted = document(name)["schemas"][schema] if isinstance(schema, str) else schema
    if "$ref" in wanted:
        return in_camel_case(name, wanted["$ref"], value)
    if isinstance(value, list) and "items" in wanted:
        return [in_camel_case(name, wanted["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    fields, others = wanted.get("properties", {}), wanted.get("additionalProperties", {})
    camel = {field: re.sub("_([a-z])", lambda found: found[1].upper(), field) for field in value}
    plain = {field: camel[field] if camel[field] in fields else field for field in value}
    return {
        plain[field]: in_camel_case(name, fields.get(plain[field], others), inner) for field, inner in value.items()
    }


def _check_type(value: object, python: Any, kind: str, at: str) -> None:
    if not isinstance(value, python) or (isinstance(value, bool) and kind != "boolean"):
        raise NotInDiscoveryError(f"{at or 'the message'} is not {kind}: {value!r}"[:300])


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/:]+", re.escape(path)))
