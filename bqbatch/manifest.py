"""What an export came to: the manifest beside its files, and what is read of it when their results come home."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bqbatch import __version__

FILE = "manifest.json"
REFUSED = "refused.jsonl"
"""What is written beside the requests."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One file: its name, its requests, its size and SHA-256 as it lies there, the tokens it is expected to be."""

    name: str
    requests: int
    bytes: int
    sha256: str
    input_tokens: int

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export came to. Of `requests`, some are `answered`; of the rest, `refused` ones can't go to the Developer API.

    `rewrites` are the rules that changed requests, by their path, and how many each did. What a limit leaves is in neither.
    """

    run_id: str
    prompt: str
    model: str
    target: str
    tier: int
    created: datetime
    rows: int
    skipped: int
    requests: int
    answered: int
    refused: int
    shards: tuple[Shard, ...]
    rewrites: Mapping[str, int]

    @property
    def exported(self) -> int:
        """How many requests are in the files."""
        return sum(shard.requests for shard in self.shards)

    def as_json(self) -> dict[str, Any]:
        """What manifest.json holds."""
        return {
            "run": self.run_id, "prompt": self.prompt, "model": self.model, "target": self.target, "tier": self.tier,
            "shards": [shard.as_json() for shard in self.shards],
            "counts": {
                "rows": self.rows, "skipped": self.skipped, "requests": self.requests, "answered": self.answered,
                "exported": self.exported, "refused": self.refused,
            },
            "rewrites": dict(self.rewrites), "created": self.created.isoformat(timespec="seconds"),
            "bqbatch": __version__,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Described:
    """An export's run and prompt, and its files of requests, each with its SHA-256."""

    path: Path
    run_id: str
    prompt: str
    files: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Described | None:
        """What a file says; None where it is no manifest of an export."""
        try:
            said: Any = json.loads(path.read_bytes())
            files = {Path(str(shard["name"])).name: str(shard["sha256"]) for shard in said["shards"]}
            return cls(path, str(said["run"]), str(said["prompt"]), files)
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None

    def changed(self) -> Iterator[Path]:
        """Files of requests that are there, and are not what was exported."""
        for name, digest in self.files.items():
            path = self.path.parent / name
            with contextlib.suppress(OSError), path.open("rb") as handle:
                if hashlib.file_digest(handle, "sha256").hexdigest() != digest:
                    yield path
