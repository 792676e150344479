"""The rules from Vertex AI's requests to the Developer API's: none is lacking, and each has its cases."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bqbatch.prompt.compile import FORMS, Envelope
from bqbatch.services.developer.rewrite import RULES, Rule, Rules, json_paths
from tests.loopback.discovery import document

CASES = Path(__file__).parent / "cases" / "lines"
VERTEX, DEVELOPER = "aiplatform.v1", "generativelanguage.v1beta"
PREFIX = "GoogleCloudAiplatformV1"


def fields(service: str, message: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document(service)["schemas"][message].get("properties", {})
    return found


def only_vertex(
    vertex: str, developer: str, path: str, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """Paths of fields, and values of enums, that Vertex AI's document has and the Developer API's has not."""
    known = fields(DEVELOPER, developer)
    for name, told in fields(VERTEX, vertex).items():
        here = f"{path}{name}{'[]' if told.get('type') == 'array' else ''}"
        if name not in known:
            yield here.removesuffix("[]"), ""
            continue
        one, other = (field.get("items", field) for field in (told, known[name]))
        if "enum" in other:
            yield from ((here, value) for value in one["enum"] if value not in other["enum"])
        if "$ref" in one and "$ref" in other and other["$ref"] not in seen:
            yield from only_vertex(one["$ref"], other["$ref"], f"{here}.", seen | {other["$ref"]})


@functools.cache
def difference() -> list[tuple[str, str]]:
    return sorted(set(only_vertex(f"{PREFIX}GenerateContentRequest", "GenerateContentRequest", "")))


def covers(rule: Rule, path: str, value: str) -> bool:
    plain = rule.path.replace(".**", "")
    if value:
        return plain == path and bool(re.match(rule.value, value))
    return plain == path


def test_the_two_services_differ() -> None:
    some = {("labels", ""), ("safetySettings[].method", ""), ("generationConfig.responseModalities[]", "VIDEO")}
    assert some <= set(difference())
    assert len(difference()) > 40


@pytest.mark.parametrize(("path", "value"), difference(), ids=lambda said: said)
def test_what_only_vertex_ai_has_has_a_rule(path: str, value: str) -> None:
    path = path.replace("systemInstruction.", "contents[].")  # has text only
    assert [rule for rule in RULES.table if covers(rule, path, value)]


@pytest.mark.parametrize("rule", RULES.table, ids=lambda rule: rule.path)
def test_a_rule_says_why_and_has_a_source_and_a_case(rule: Rule) -> None:
    assert rule.why and rule.source
    assert (rule.action == "rename") == bool(rule.to)
    text = "".join(file.read_text("utf-8") for file in CASES.glob("*/requests.jsonl"))
    assert rule.action == "keep" or any(f'"{name}"' in text for name in rule.names)
    if rule.action == "refuse":
        refused = (CASES / "refused" / "expect.jsonl").read_text("utf-8")
        assert f'"refused": "{rule.path}{" " if rule.value else ": "}' in refused


def test_a_name_has_two_spellings() -> None:
    assert json_paths("fileData.displayName") == (
        "$.fileData.displayName", "$.fileData.display_name", "$.file_data.displayName", "$.file_data.display_name",
    )  # fmt: skip
    assert json_paths("labels") == ("$.labels",)
    assert json_paths("") == ("$",)


def test_of_a_prompt_only_those_rules_are_looked_at_that_may_hold() -> None:
    plain = Envelope(None, "}", ',"generationConfig":{"temperature":0}}')
    labelled = Envelope('"labels":', "}", ',"generationConfig":{"temperature":0},"labels":{"a":"b"}}')
    assert Rules.of(plain, "prompt") == Rules(())
    assert [rule.path for rule in Rules.of(labelled, "prompt").table] == ["labels"]
    assert [rule.path for rule in Rules.of(plain, "parts").table] == ["contents[].parts[].fileData.fileUri"]
    assert {form for form in FORMS if Rules.of(plain, form) is RULES} == {"contents", "request"}
