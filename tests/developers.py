"""A project folder with a target at the Gemini Developer API, which is the loopback server; its rows are on this machine."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bqbatch.patience import Patience
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.source import File
from bqbatch.services.developer import DeveloperService
from bqbatch.services.developer.account import KEY
from tests.clouds import OUTPUT, PROMPT, WORDS
from tests.loopback.developer import Developer
from tests.loopback.http import Loopback
from tests.loopback.online import Online
from tests.projects import Folder, Row, Said


@dataclass(frozen=True, slots=True)
class Api:
    """A project folder with a target at the loopback server."""

    folder: Folder
    server: Loopback
    developer: Developer

    @classmethod
    @contextlib.contextmanager
    def opened(cls, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
        """A new one, with a prompt over six rows in it, and a key in the environment."""
        (root / "google").mkdir()
        developer = Developer(root / "google", parse_output(OUTPUT, File("", OUTPUT, root).place))
        monkeypatch.setattr(DeveloperService, "poll_seconds", 0.01)
        monkeypatch.setattr(DeveloperService, "settle_seconds", 0.2)
        monkeypatch.setattr(DeveloperService, "patience", Patience(pause_seconds=0.02))
        monkeypatch.setenv(KEY, "a-key")
        with Loopback({**developer.answers, **Online(developer).answers}) as server:
            folder = Folder.made(root / "project", monkeypatch, {"words.csv": WORDS, "words.sql": PROMPT})
            api = cls(folder, server, developer)
            api.configure()
            yield api

    def configure(self, **settings: str | float) -> None:
        """Writes the project's file, with settings of the target beside the usual ones or in their place."""
        usual: dict[str, str | float] = {"type": "developer", "endpoint": self.server.url}
        lines = (f"{key} = {value!r}" for key, value in (usual | settings).items())
        self.folder.write("bqbatch.toml", "\n".join(["[targets.dev]", *lines, ""]))

    def say(self, *arguments: str) -> Said:
        return self.folder.say(arguments[0], *arguments[1:], "--target", "dev")

    def run(self, *arguments: str) -> Row:
        return self.folder.run("words.sql", "--target", "dev", *arguments)

    def json(self, *arguments: str) -> Any:
        """What a command on the target says."""
        said = self.say(*arguments, "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    def many(self, number: int, letters: int = 4) -> None:
        """Gives the prompt so many rows of so many letters."""
        self.folder.write("words.csv", "id,word\n" + "".join(f"{n},{n:0{letters}}\n" for n in range(number)))
