"""A project folder with a target at the Gemini Developer API, which is the loopback server; its rows are on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from bqbatch.patience import Patience
from bqbatch.services.developer import DeveloperService
from bqbatch.services.developer.account import KEY
from tests.loopback.developer import Developer
from tests.targets import Targeted, prompt_folder
from tests.wires import Wire


@dataclass(frozen=True, slots=True)
class Api(Targeted):
    """A project folder with a target of type developer."""

    name = "dev"
    usual: ClassVar[Mapping[str, str]] = {"type": "developer"}

    developer: Developer

    @classmethod
    @contextlib.contextmanager
    def opened(cls, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
        """A new one, with a prompt over six rows in it, and a key in the environment."""
        (root / "google").mkdir()
        monkeypatch.setattr(DeveloperService, "poll_seconds", 0.01)
        monkeypatch.setattr(DeveloperService, "settle_seconds", 0.2)
        monkeypatch.setattr(DeveloperService, "patience", Patience(pause_seconds=0.02))
        monkeypatch.setenv(KEY, "a-key")
        with Wire.opened(root / "google") as wire:
            yield cls(prompt_folder(root / "project", monkeypatch), wire.server, wire.developer)

    def many(self, number: int, letters: int = 4) -> None:
        """Gives the prompt so many rows of so many letters."""
        self.folder.write("words.csv", "id,word\n" + "".join(f"{n},{n:0{letters}}\n" for n in range(number)))
