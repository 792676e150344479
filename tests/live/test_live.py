"""Three rows through Google Cloud by the command line, then the open questions."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from bqbatch.services.vertex import VertexService
from tests.live.google import Live
from tests.live.probes import answers
from tests.projects import Folder

PROMPT = """-- What kind of thing a word names.
{{ config(model = var('model'), temperature = 0, max_output_tokens = 256) }}
{% output %}kind STRING NOT NULL CHECK (kind IN ('animal', 'plant', 'other')) OPTIONS (description = 'what it names'){% endoutput %}
SELECT id AS key, word, {{ prompt('What kind of thing does the word "{word}" name?') }} AS prompt FROM {{ seed('WORDS.csv') }}
"""
WORDS = "id,word\n1,horse\n2,oak\n3,teapot\n"
OWN = ["_outcome", "_error", "_text", "_finish_reason", "_model", "_run_id", "_request_hash", "_input_tokens",
       "_output_tokens", "_thought_tokens", "_cost_usd"]  # fmt: skip


@pytest.fixture(scope="module")
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    said = {name: request.config.getoption(name) for name in ("project", "dataset", "location", "model", "endpoint")}
    name = f"live_{secrets.token_hex(4)}"
    target = {"type": "vertex", "project": said["project"], "dataset": said["dataset"], "location": said["location"]}
    target |= {"endpoint": said["endpoint"]} if said["endpoint"] else {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        if said["endpoint"]:
            monkeypatch.setattr(VertexService, "poll_seconds", 0.05)
        folder = Folder.made(tmp_path_factory.mktemp("live"), monkeypatch, {
            f"{name}.sql": PROMPT.replace("WORDS", name), f"{name}.csv": WORDS,
            "bqbatch.toml": "[targets.prod]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in target.items()),
        })  # fmt: skip
        made = Live(folder=folder, name=name, **said)
        before = made.tables()
        try:
            yield made
        finally:
            made.clean(before)
        assert made.made(before) == []
        assert list(made.jobs()) == []


def told(live: Live, *arguments: str) -> Any:
    said = live.folder.say(*arguments, "--target", "prod", "--format", "json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_three_rows_are_answered(live: Live) -> None:
    run = ("run", f"{live.name}.sql", "--var", f"model={live.model}")
    result = told(live, *run)
    assert (result["rows"], result["requests"], result["outcomes"]) == (3, 3, {"ok": 3})
    rows = told(live, "query", f"SELECT * FROM {live.name} ORDER BY key")
    assert [list(row) for row in rows] == [["key", "word", "kind", *OWN]] * 3
    assert [(row["key"], row["word"]) for row in rows] == [(1, "horse"), (2, "oak"), (3, "teapot")]
    for row in rows:
        assert (row["_outcome"], row["_error"], row["_run_id"]) == ("ok", None, result["run_id"])
        assert row["kind"] in ("animal", "plant", "other")
        assert row["_model"].startswith(live.model.partition("-preview")[0])
        assert row["_input_tokens"] > 0 and row["_output_tokens"] > 0
    assert told(live, *run)["requests"] == 0
    assert [row["state"] for row in told(live, "history", f"{live.name}.sql")] == ["finished", "finished"]


def test_the_open_questions_are_asked(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        for question, answer in answers(live):
            print(f"\n{question}\n  {answer}")  # noqa: T201
