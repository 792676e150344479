"""A project folder with a prompt over six rows, and with a target at Google, which is the loopback server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.source import File
from tests.loopback.http import Loopback
from tests.projects import Folder, Row, Said

OUTPUT = "label STRING NOT NULL CHECK (label IN ('a', 'b')) OPTIONS (description = 'which of the two')"
COLUMNS = parse_output(OUTPUT, File("", OUTPUT, Path()).place)
PROMPT = f"""
{{{{ config(model = 'gemini-3.5-flash-lite', max_output_tokens = 100) }}}}
{{% output %}}{OUTPUT}{{% endoutput %}}
SELECT id AS key, word, {{{{ prompt('Label {{word}}') }}}} AS prompt FROM {{{{ seed('words.csv') }}}}
"""
WORDS = "id,word\n1,red\n2,green\n3,red\n4,\n5,blue\n6,black\n"


def prompt_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A new project, with the prompt and its rows."""
    return Folder.made(root, monkeypatch, {"words.csv": WORDS, "words.sql": PROMPT})


@dataclass(frozen=True, slots=True)
class Targeted:
    """A project folder with a target of this `name` on the loopback server, and with its `usual` settings."""

    name: ClassVar[str]
    usual: ClassVar[Mapping[str, str]]

    folder: Folder
    server: Loopback

    def __post_init__(self) -> None:
        self.configure()

    def configure(self, **settings: str | float) -> None:
        """Writes the project's file, with settings of the target beside the usual ones or in their place."""
        usual = {**self.usual, "endpoint": self.server.url}
        lines = (f"{key} = {value!r}" for key, value in (usual | settings).items())
        self.folder.write("bqbatch.toml", "\n".join([f"[targets.{self.name}]", *lines, ""]))

    def say(self, *arguments: str) -> Said:
        """What a command on the target says."""
        return self.folder.say(*arguments, "--target", self.name)

    def run(self, *arguments: str) -> Row:
        return self.folder.run("words.sql", "--target", self.name, *arguments)

    def json(self, *arguments: str) -> Any:
        """What a command on the target says, that ends well."""
        said = self.say(*arguments, "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out)
