"""Who is told how a run goes on."""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Who is told how a run goes on."""

    def step(self, text: str) -> None:
        """A step begins."""

    def doing(self, text: str) -> None:
        """What the step that goes on is about just now."""

    def progress(self, done: int, total: int) -> None:
        """So many of the requests are answered."""

    def note(self, text: str) -> None:
        """Something the user should know."""
