"""A project folder with a target on Google Cloud, which is the loopback server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bqbatch.services.vertex import VertexService
from tests.loopback.bigquery import BigQuery
from tests.loopback.http import Loopback
from tests.loopback.online import Online
from tests.loopback.rules import Rules
from tests.loopback.vertex import Vertex
from tests.targets import COLUMNS, Targeted, prompt_folder


@dataclass(frozen=True, slots=True)
class Cloud(Targeted):
    """A project folder with a target of type vertex."""

    name = "prod"
    usual: ClassVar[Mapping[str, str]] = {"type": "vertex", "dataset": "proj.llm"}

    vertex: Vertex
    online: Online

    @classmethod
    @contextlib.contextmanager
    def opened(cls, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
        """A new one, with a prompt over six rows in it."""
        (root / "google").mkdir()
        vertex = Vertex(BigQuery(root / "google", "proj"), COLUMNS)
        monkeypatch.setattr(VertexService, "poll_seconds", 0.01)
        online = Online(vertex)
        answers = {**vertex.bigquery.answers, **vertex.answers, **online.answers}
        with Loopback(answers) as server, vertex.bigquery.warehouse.step():
            yield cls(prompt_folder(root / "project", monkeypatch), server, vertex, online)

    @property
    def rules(self) -> Rules:
        return self.vertex.bigquery.rules

    def add(self, text: str) -> None:
        """Appends to the project's file."""
        with (self.folder.root / "bqbatch.toml").open("a") as file:
            file.write(text)

    def price(self, model: str, usd_in: float = 1, usd_out: float = 2) -> None:
        """Gives a model a price of the project's own, in USD per million tokens."""
        self.add(f'[[prices]]\nmodel = "{model}"\ninput = {usd_in}\noutput = {usd_out}\n')

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
