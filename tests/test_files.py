"""Files by their address: the example's prompt on the vertex target, and the requests that the service was given."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bqbatch.services.vertex import VertexService
from bqbatch.session import Session
from tests.loopback import discovery
from tests.loopback.bigquery import BigQuery
from tests.loopback.http import Call, Loopback
from tests.loopback.vertex import Vertex
from tests.projects import Folder

EXAMPLE = Path(__file__).parent.parent / "examples" / "images"
REQUEST = "GoogleCloudAiplatformV1GenerateContentRequest"


def test_every_file_is_sent_by_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "images"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".bqbatch"))
    (tmp_path / "google").mkdir()
    monkeypatch.setattr(VertexService, "poll_seconds", 0.01)
    folder = Folder.made(root, monkeypatch)
    vertex = Vertex(BigQuery(tmp_path / "google", "proj"), Session.open(root).compile(root / "files.sql", {}).output)
    sent: list[dict[str, Any]] = []

    def keep(call: Call) -> None:
        if call.method.endswith("batchPredictionJobs.create"):
            table = call.body["inputConfig"]["bigquerySource"]["inputUri"].removeprefix("bq://proj.")
            found = vertex.bigquery.warehouse.read(f"SELECT TO_JSON_STRING(request) AS request FROM `{table}`")
            sent.extend(json.loads(row["request"]) for row in found)

    with Loopback({**vertex.bigquery.answers, **vertex.answers}) as server, vertex.bigquery.warehouse.step():
        server.before = keep
        target = f'[targets.prod]\ntype = "vertex"\ndataset = "proj.llm"\nendpoint = "{server.url}"\n'
        folder.write("bqbatch.toml", target)
        result = folder.run("files.sql", "--target", "prod")
        rows = list(vertex.bigquery.warehouse.read("SELECT key, uri, kind, _outcome FROM files ORDER BY key"))
    files = {
        row["uri"]: row for row in csv.DictReader((root / "files.csv").read_text("utf-8").splitlines()) if row["uri"]
    }
    assert result["outcomes"] == {"ok": len(files), "skipped": 1}
    assert [row["uri"] for row in rows] == [*files, None]
    assert {type(row["kind"]) for row in rows if row["_outcome"] == "ok"} == {str}
    asked = {}
    for request in sent:
        discovery.check("aiplatform.v1", REQUEST, request)
        [turn] = request["contents"]
        before, file, after = turn["parts"]
        assert (turn["role"], before, set(file)) == ("user", {"text": "What is this file?"}, {"fileData"})
        asked[file["fileData"]["fileUri"]] = (file["fileData"]["mimeType"], after["text"])
    assert asked == {
        uri: (row["mime_type"], f"A colleague's note: {row['note'] or 'none'}") for uri, row in files.items()
    }
    assert {mime.partition("/")[0] for mime, _ in asked.values()} == {"image", "audio", "application"}
