"""google-genai, unpatched, and the Developer API of the loopback server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.loopback.developer import Developer
from tests.loopback.http import Loopback
from tests.loopback.online import Online
from tests.targets import COLUMNS

if TYPE_CHECKING:
    from google.genai import Client

MODEL = "gemini-3.5-flash-lite"
KEYS = [f"{number:02x}" * 32 for number in (1, 70, 140, 210)]
Line = dict[str, Any]


def request(text: str = "Label red", **fields: Any) -> Line:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **fields}


def lines(*requests: Line) -> bytes:
    """A file of requests, with KEYS in turn."""
    return b"".join(
        json.dumps({"key": key, "request": one}).encode() + b"\n" for key, one in zip(KEYS, requests, strict=False)
    )


@dataclass
class Wire:
    """The server, and the client of one who has a key; `said` has every reply as it came."""

    developer: Developer
    online: Online
    server: Loopback
    folder: Path
    said: list[str] = field(default_factory=list)
    _clients: dict[str, Client] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: Path) -> Iterator[Wire]:
        """A new one."""
        developer = Developer(folder, COLUMNS)
        online = Online(developer)
        with Loopback({**developer.answers, **online.answers}) as server, developer.warehouse.step():
            yield cls(developer, online, server, folder)

    def client(self, key: str = "a-key") -> Client:
        """The client of whoever has this key; it is kept, since one that nobody holds closes itself."""
        if key not in self._clients:
            self._clients[key] = self._client(key)
        return self._clients[key]

    def _client(self, key: str) -> Client:
        from google import genai
        from google.genai.types import HttpOptions

        def hear(response: Any) -> None:
            if "json" in response.headers["content-type"] and not response.request.url.path.endswith(":download"):
                response.read()
                self.said.append(response.text)

        options = HttpOptions(base_url=self.server.url, client_args={"event_hooks": {"response": [hear]}})
        return genai.Client(vertexai=False, api_key=key, http_options=options)

    def upload(self, content: bytes, name: str | None = None, key: str = "a-key") -> str:
        """The name of a file with this content."""
        path = self.folder / "requests.jsonl"
        path.write_bytes(content)
        made = self.client(key).files.upload(file=path, config={"mime_type": "application/jsonl", "name": name})
        assert made.name
        return made.name

    def create(self, *requests: Line, model: str = MODEL) -> str:
        """The name of a batch of these requests."""
        file = self.upload(lines(*requests))
        made = self.client().batches.create(model=model, src=file, config={"display_name": "a batch"})
        assert made.name
        return made.name

    @property
    def reply(self) -> dict[str, Any]:
        """The last reply as it came, of which the client leaves a part."""
        reply: dict[str, Any] = json.loads(self.said[-1])
        return reply

    def look(self, name: str, times: int = 3) -> dict[str, Any]:
        """The batch as it came, after so many looks."""
        for _ in range(times):
            self.client().batches.get(name=name)
        return self.reply

    def results(self, name: str, times: int = 3) -> dict[str, Line]:
        """The results of a batch, by key."""
        file = self.look(name, times)["metadata"]["output"]["responsesFile"]
        found = [json.loads(line) for line in self.client().files.download(file=file).splitlines()]
        assert len({line["key"] for line in found}) == len(found)
        return {line.pop("key"): line for line in found}


def refused(act: Callable[[], object]) -> tuple[int, str]:
    """The code and the words of what is refused."""
    from google.genai.errors import APIError

    with pytest.raises(APIError) as caught:
        act()
    return caught.value.code, caught.value.message or ""
