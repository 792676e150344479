"""What one look of `doctor` comes to."""

from __future__ import annotations

from dataclasses import dataclass

from bqbatch.errors import BqbatchError

OK, WARNING, BROKEN = "ok", "warning", "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is (`ok`, `warning` or `broken`), what was seen, and what mends it."""

    name: str
    state: str
    seen: str
    hint: str | None = None

    @classmethod
    def failed(cls, name: str, error: BqbatchError) -> Check:
        """What could not be looked at."""
        return cls(
            name, BROKEN, str(error), error.hint or "see `bqbatch doctor` again once the other points are mended"
        )
