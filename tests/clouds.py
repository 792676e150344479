"""A project folder with a target on Google Cloud, which is the loopback server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.source import File
from bqbatch.services.vertex import VertexService
from tests.loopback.bigquery import BigQuery
from tests.loopback.http import Loopback
from tests.loopback.online import Online
from tests.loopback.rules import Rules
from tests.loopback.vertex import Vertex
from tests.projects import Folder, Said

OUTPUT = "label STRING NOT NULL CHECK (label IN ('a', 'b')) OPTIONS (description = 'which of the two')"
PROMPT = f"""
{{{{ config(model = 'gemini-3.5-flash-lite', max_output_tokens = 100) }}}}
{{% output %}}{OUTPUT}{{% endoutput %}}
SELECT id AS key, word, {{{{ prompt('Label {{word}}') }}}} AS prompt FROM {{{{ seed('words.csv') }}}}
"""
WORDS = "id,word\n1,red\n2,green\n3,red\n4,\n5,blue\n6,black\n"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A project folder with a target on the loopback server."""

    folder: Folder
    server: Loopback
    vertex: Vertex
    online: Online

    @classmethod
    @contextlib.contextmanager
    def opened(cls, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
        """A new one, with a prompt over six rows in it."""
        (root / "google").mkdir()
        vertex = Vertex(BigQuery(root / "google", "proj"), parse_output(OUTPUT, File("", OUTPUT, root).place))
        monkeypatch.setattr(VertexService, "poll_seconds", 0.01)
        online = Online(vertex)
        answers = {**vertex.bigquery.answers, **vertex.answers, **online.answers}
        with Loopback(answers) as server, vertex.bigquery.warehouse.step():
            folder = Folder.made(root / "project", monkeypatch, {"words.csv": WORDS, "words.sql": PROMPT})
            cloud = cls(folder, server, vertex, online)
            cloud.configure()
            yield cloud

    @property
    def rules(self) -> Rules:
        return self.vertex.bigquery.rules

    def configure(self, **settings: str | float) -> None:
        """Writes the project's file, with settings of the target beside the usual ones or in their place."""
        usual: dict[str, str | float] = {"type": "vertex", "dataset": "proj.llm", "endpoint": self.server.url}
        lines = (f"{key} = {value!r}" for key, value in (usual | settings).items())
        self.folder.write("bqbatch.toml", "\n".join(["[targets.prod]", *lines, ""]))

    def add(self, text: str) -> None:
        """Appends to the project's file."""
        with (self.folder.root / "bqbatch.toml").open("a") as file:
            file.write(text)

    def price(self, model: str, usd_in: float = 1, usd_out: float = 2) -> None:
        """Gives a model a price of the project's own, in USD per million tokens."""
        self.add(f'[[prices]]\nmodel = "{model}"\ninput = {usd_in}\noutput = {usd_out}\n')

    def say(self, *arguments: str) -> Said:
        return self.folder.say(arguments[0], *arguments[1:], "--target", "prod")

    def run(self, *arguments: str) -> dict[str, Any]:
        return self.folder.run("words.sql", "--target", "prod", *arguments)

    def json(self, *arguments: str) -> Any:
        """What a command on the target says."""
        said = self.folder.say(*arguments, "--target", "prod", "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    def tables(self) -> set[str]:
        """The names of what there is in the dataset of the prompt."""
        names = self.vertex.bigquery.warehouse.list_tables()
        return {name for name in names if not name.startswith(("seed_", "bqbatch_"))}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return list(self.vertex.bigquery.warehouse.read(sql))


def service_account(folder: Path, server: str) -> Path:
    """The key file of a service account whose tokens come from the loopback server."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "key.json"
    described = {
        "type": "service_account", "project_id": "proj", "private_key_id": "1", "private_key": key.decode(),
        "client_email": "bot@proj.iam.gserviceaccount.com", "client_id": "1", "token_uri": f"{server}/token",
    }  # fmt: skip
    file.write_text(json.dumps(described), "utf-8")
    return file
