"""The same prompt over the same rows on every target leaves the same view: `local`, and both of Google's services.

Whoever answers says the same to the same text: what `simulated` said on the local target is said again by the loopback
server, as Vertex AI and as the Developer API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bqbatch.services.developer import DeveloperService
from bqbatch.services.developer.account import KEY
from bqbatch.services.vertex import VertexService
from bqbatch.warehouses import Statement
from tests.loopback.bigquery import BigQuery
from tests.loopback.developer import Developer
from tests.loopback.http import Loopback
from tests.loopback.lines import Line, Result
from tests.loopback.vertex import Vertex
from tests.projects import Folder, Row

MODEL = "gemini-3.5-flash-lite"
PROMPT = """
{{ config(model = 'MODEL', max_output_tokens = 400, labels = {'team': 'words'}, temperature = 0) }}
{% system %}You label {{ "what is written" }}, "quoted" or not.{% endsystem %}
{% output %}
  sentiment STRING NOT NULL CHECK (sentiment IN ('positive', 'neutral', 'négative')),
  score     FLOAT64 CHECK (score BETWEEN 0 AND 1),
  day       DATE,
  topics    ARRAY<STRING>,
  place     STRUCT<town STRING, size INT64>,
  labels    STRING OPTIONS (description = 'a column that is named as a field of a request')
{% endoutput %}
SELECT
  id AS key, word, [word, 'x'] AS words, NUMERIC '1.5' AS amount,
  {% prompt %}Say what {word} is.{% endprompt %} AS prompt
FROM {{ seed('words.csv') }}
""".replace("MODEL", MODEL)
FAULTS = "truncated:10%,blocked:10%,bad_json:10%,schema:10%,400:5%"
WORDS = [
    "Grüße", "", "red", "red", "{brace}", 'a "quote"', "line\\nbreak", "日本語", "\U0001f600", "tab\tbed", "=1+1", "%s",
    *(f"word {number}" for number in range(40)),
]  # fmt: skip
ASKED = len(set(WORDS)) - 1
"""Distinct texts; an empty field of a CSV file is NULL, and is not asked."""
Said = Mapping[str, tuple[dict[str, Any], str]]
"""A response and its status for the text of each prompt."""


def text_of(request: Mapping[str, Any]) -> str:
    text: str = request["contents"][0]["parts"][0]["text"]
    return text


@dataclass
class VertexParrot(Vertex):
    """Vertex AI, whose model says what was said before."""

    said: Said = field(default_factory=dict)

    def _answer(self, kept: dict[str, Any], most: int) -> None:
        warehouse, source, target, body = self.bigquery.warehouse, kept["source"], kept["target"], kept["job"]
        lines = json.dumps(
            [{"text": text, "response": response, "status": status} for text, (response, status) in self.said.items()]
        )
        parsed = "UNNEST(JSON_QUERY_ARRAY(PARSE_JSON(@said, wide_number_mode => 'round'))) AS line"
        warehouse.execute(Statement(
            f"CREATE TABLE `{target}` AS SELECT key, request, JSON_QUERY(line, '$.response') AS response, "
            f"JSON_VALUE(line, '$.status') AS status, CURRENT_TIMESTAMP() AS processed_time FROM `{source}` JOIN {parsed} "
            "ON JSON_VALUE(line, '$.text') = JSON_VALUE(request, '$.contents[0].parts[0].text')", target, {"said": lines},
        ))  # fmt: skip
        self.bigquery.tables.made(target)
        body["outputInfo"] = {"bigqueryOutputDataset": "bq://proj.llm", "bigqueryOutputTable": target.partition(".")[2]}
        body["completionStats"] = {"successfulCount": str(len(self.said)), "failedCount": "0"}


@dataclass
class DeveloperParrot(Developer):
    """The Developer API, whose model says what was said before."""

    said: Said = field(default_factory=dict)

    def answered(self, lines: list[Line], model: str) -> list[Result]:
        told = [(key, *self.said[text_of(request)]) for key, request in lines]
        return [
            {"key": key, "error": json.loads(status[status.index("{") :])["error"]} if status else {"key": key, "response": response}
            for key, response, status in told
        ]  # fmt: skip


@pytest.fixture
def everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Folder, Vertex, Developer]]:
    """A project with all three targets, and the two services with nothing to say yet."""
    (tmp_path / "google").mkdir()
    vertex = VertexParrot(BigQuery(tmp_path / "google", "proj"))
    developer = DeveloperParrot(tmp_path / "google", http_codes=True)
    monkeypatch.setenv(KEY, "a-key")
    for service in (VertexService, DeveloperService):
        monkeypatch.setattr(service, "poll_seconds", 0.01)
    words = "id,word\n" + "".join(f'{n},"{word.replace(chr(34), chr(34) * 2)}"\n' for n, word in enumerate(WORDS, 1))
    with Loopback({**vertex.bigquery.answers, **vertex.answers, **developer.answers}) as server:
        targets = f"""
[targets.prod]
type = "vertex"
dataset = "proj.llm"
endpoint = "{server.url}"

[targets.dev]
type = "developer"
dataset = "dev"
endpoint = "{server.url}"
"""
        folder = Folder.made(
            tmp_path / "project", monkeypatch, {"sentiment.sql": PROMPT, "words.csv": words, "bqbatch.toml": targets}
        )
        with vertex.bigquery.warehouse.step():
            yield folder, vertex, developer


def shown(folder: Folder, target: str) -> tuple[list[str], list[Row], list[str]]:
    """The view's own columns with their types, its rows, and how each ended."""
    said = folder.say("query", "SELECT * FROM sentiment ORDER BY key", "--target", target, "--format", "json")
    assert said.code == 0, said.err
    rows: list[Row] = json.loads(said.out)
    own = [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows]
    return list(own[0]), own, [row["_outcome"] for row in rows]


def test_the_view_is_the_same_on_every_target(everywhere: tuple[Folder, VertexParrot, DeveloperParrot]) -> None:
    folder, vertex, developer = everywhere
    local = folder.run("sentiment.sql", "--simulate", FAULTS)
    assert len(local["outcomes"]) >= 5, local  # there is something of everything
    answers = "SELECT TO_JSON_STRING(request) AS request, TO_JSON_STRING(response) AS response, status FROM sentiment__answers"
    said = {
        text_of(json.loads(row["request"])): (json.loads(row["response"] or "{}"), row["status"])
        for row in folder.query(answers)
    }
    vertex.said = developer.said = said
    for target in ("prod", "dev"):
        result = folder.run("sentiment.sql", "--target", target)
        assert result["outcomes"] == local["outcomes"], target
        assert shown(folder, target) == shown(folder, "local"), target
    assert len(vertex.jobs) == len(developer.batches) == 1


def test_an_answer_of_one_service_is_an_answer_for_the_other(
    everywhere: tuple[Folder, VertexParrot, DeveloperParrot],
) -> None:
    folder, vertex, developer = everywhere
    file = folder.root / "bqbatch.toml"
    file.write_text(
        file.read_text("utf-8").replace('dataset = "dev"', 'dataset = "proj.llm"\nproject = "proj"'), "utf-8"
    )
    folder.run("sentiment.sql", "--simulate", "")
    answers = "SELECT TO_JSON_STRING(request) AS request, TO_JSON_STRING(response) AS response FROM sentiment__answers"
    vertex.said = developer.said = {
        text_of(json.loads(row["request"])): (json.loads(row["response"]), "") for row in folder.query(answers)
    }
    first = folder.run("sentiment.sql", "--target", "prod", "--limit", "5")
    second = folder.run("sentiment.sql", "--target", "dev")
    assert (first["requests"], second["requests"]) == (5, ASKED - 5)
    assert second["outcomes"] == {"ok": len(WORDS) - 1, "skipped": 1}
    third = folder.run("sentiment.sql", "--target", "prod")
    assert (third["requests"], third["reused"]) == (0, len(WORDS) - 1)
