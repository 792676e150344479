"""The Developer API's files: the resumable upload, what is stored and for how long, and the files that batches leave.

Sources: https://ai.google.dev/api/files and https://ai.google.dev/gemini-api/docs/files (2 GB a file, 20 GB in all, 48 hours,
names of up to 40 characters), https://developers.google.com/photos/library/guides/resumable-uploads (the protocol),
googleapis/python-genai#1759 (a batch's file is given and downloaded, and not deleted, for its long name), and
deprecated-generative-ai-python#692 for the words of 403.

Assumed without a source: the codes and words of what else is refused; that a chunk at another place than the next one is
refused, and the session goes on; that a name is taken from the end of an upload on, and that one that is taken is told at
the start of an upload and at its end; that a batch's file lives as long as the server.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.loopback.http import Answer, Call, Refusal, Reply

MOST_BYTES = 2_000_000_000
MOST_STORED = 20_000_000_000
LIFE = dt.timedelta(hours=48)
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
MOST_NAME = 40
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def invalid(words: str) -> Refusal:
    return Refusal(400, "badRequest", words, "INVALID_ARGUMENT")


def page(call: Call, found: list[Any], usual: int) -> tuple[list[Any], dict[str, str]]:
    """The part of a list that a call asks for, and what tells of the next one."""
    start, most = int(call.query.get("pageToken", 0)), int(call.query.get("pageSize", usual))
    more = {"nextPageToken": str(start + most)} if start + most < len(found) else {}
    return found[start : start + most], more


def written(time: dt.datetime) -> str:
    """A time as Google writes it."""
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass
class Stored:
    """A file: its resource, its bytes, whose it is and until when."""

    resource: dict[str, Any]
    content: bytes
    owner: str
    until: dt.datetime


@dataclass
class Session:
    """An upload: what the file shall be, its size, what has come of it, and whether more is waited for."""

    resource: dict[str, Any]
    size: int
    owner: str
    content: bytearray = field(default_factory=bytearray)
    status: str = "active"


@dataclass
class Files:
    """The files of all who have a key; `owner` tells whose a call is, or refuses it. `ahead` are hours that time is ahead."""

    owner: Callable[[Call], str]
    ahead: float = 0.0
    most_bytes: int = MOST_BYTES
    most_stored: int = MOST_STORED
    stored: dict[str, Stored] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The functions that answer, by discovery id."""
        return {
            "generativelanguage.media.upload": self.upload,
            "generativelanguage.files.get": lambda call: self.find(call, _id(call)).resource,
            "generativelanguage.files.list": self.listed,
            "generativelanguage.files.delete": self.delete,
            "generativelanguage.files.download": self.download,
        }

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(hours=self.ahead)

    # The upload: https://developers.google.com/photos/library/guides/resumable-uploads.

    def upload(self, call: Call) -> Any:
        """Begins an upload, takes a chunk of it, says how far it is, or ends it; the session's address is secret enough."""
        command = call.headers.get("X-Goog-Upload-Command", "")
        if command == "start":
            return self._start(call)
        session = self.sessions.get(call.query.get("upload_id", ""))
        if session is None:
            raise Refusal(404, "notFound", "Requested entity was not found.", "NOT_FOUND")
        if command == "query":
            return _told(session)
        if session.status != "active":
            return _told(session, invalid("Upload has already been terminated."))
        if command == "cancel":
            session.status = "cancelled"
            return _told(session)
        if int(call.headers.get("X-Goog-Upload-Offset", -1)) != len(session.content):
            return _told(session, invalid(f"The chunk does not begin at {len(session.content)}."))
        session.content += call.body or b""
        return self._finalize(call, session) if "finalize" in command else _told(session)

    def _start(self, call: Call) -> Reply:
        owner, size = self.owner(call), int(call.headers.get("X-Goog-Upload-Header-Content-Length", 0))
        asked = (call.body or {}).get("file", {})
        name = asked.get("name", "").removeprefix("files/")
        if len(name) > MOST_NAME:
            raise invalid(
                "* CreateFileRequest.file.name: File ID (name excluding 'files/') cannot be more than 40 characters.\n"
            )
        if name and not _NAME.fullmatch(name):
            raise invalid(
                "* CreateFileRequest.file.name: File ID may only contain lowercase alphanumeric characters or dashes (-).\n"
            )
        if size > self.most_bytes:
            raise invalid(f"The file has {size} bytes, more than {self.most_bytes}.")
        if size + sum(len(file.content) for file in self._of(owner)) > self.most_stored:
            words = f"Exceeded the limit of {self.most_stored} file_storage_bytes."
            raise Refusal(429, "rateLimitExceeded", words, "RESOURCE_EXHAUSTED")
        number = next(self._numbers)
        self._check_free(name)
        shown = asked.get("displayName", asked.get("display_name", ""))
        resource = {"name": f"files/{name or f'f{number:011}'}", **({"displayName": shown} if shown else {})}
        resource["mimeType"] = call.headers.get("X-Goog-Upload-Header-Content-Type", "application/octet-stream")
        upload = f"u{number}"
        self.sessions[upload] = Session(resource, size, owner)
        address = f"{call.origin}/upload/v1beta/files?upload_id={upload}&upload_protocol=resumable"
        return Reply(None, {"X-Goog-Upload-URL": address, "X-Goog-Upload-Status": "active"})

    def _check_free(self, name: str) -> None:
        if name in self.stored and self.stored[name].until > self.now():
            raise Refusal(409, "alreadyExists", f"The file files/{name} exists already.", "ALREADY_EXISTS")

    def _finalize(self, call: Call, session: Session) -> Reply:
        session.status = "final"
        if len(session.content) != session.size:
            return _told(session, invalid(f"{len(session.content)} bytes have come of {session.size}."))
        name = session.resource["name"].removeprefix("files/")
        try:
            self._check_free(name)
        except Refusal as refusal:
            return _told(session, refusal)
        self.store(call, session.owner, session.resource, bytes(session.content), "UPLOADED")
        return _told(session)

    # What is stored.

    def store(self, call: Call, owner: str, resource: dict[str, Any], content: bytes, source: str) -> None:
        """Keeps a file; one that was made here has no end, and can be downloaded."""
        now, digest = self.now(), hashlib.sha256(content).hexdigest()
        until = now + LIFE if source == "UPLOADED" else _NEVER
        uri = f"{call.origin}/v1beta/{resource['name']}"
        resource |= {
            "sizeBytes": str(len(content)), "createTime": written(now), "updateTime": written(now), "state": "ACTIVE",
            "sha256Hash": base64.b64encode(digest.encode()).decode(), "uri": uri, "source": source,
        }  # fmt: skip
        resource |= (
            {"expirationTime": written(until)} if source == "UPLOADED" else {"downloadUri": f"{uri}:download?alt=media"}
        )
        self.stored[resource["name"].removeprefix("files/")] = Stored(resource, content, owner, until)

    def _of(self, owner: str) -> list[Stored]:
        """What somebody has, the newest first."""
        now = self.now()
        return [file for file in reversed(self.stored.values()) if file.owner == owner and file.until > now]

    def find(self, call: Call, name: str) -> Stored:
        """A file of the caller's. Raises Refusal where it is not there, not any more, or of somebody else."""
        file = self.stored.get(name)
        if file is None or file.owner != self.owner(call) or file.until <= self.now():
            words = f"You do not have permission to access the File {name} or it may not exist."
            raise Refusal(403, "forbidden", words, "PERMISSION_DENIED")
        return file

    def listed(self, call: Call) -> Any:
        found, more = page(call, self._of(self.owner(call)), 10)
        return {"files": [file.resource for file in found], **more}

    def delete(self, call: Call) -> Any:
        if len(_id(call)) > MOST_NAME:
            raise invalid(
                "* DeleteFileRequest.name: File ID (name excluding 'files/') cannot be more than 40 characters.\n"
            )
        self.find(call, _id(call))
        del self.stored[_id(call)]
        return {}

    def download(self, call: Call) -> Any:
        file = self.find(call, _id(call))
        if file.resource["source"] != "GENERATED":
            raise invalid("Only generated files can be downloaded.")
        return Reply(file.content, {})


def _id(call: Call) -> str:
    return call.path.rpartition("/files/")[2].partition(":")[0]


def _told(session: Session, refusal: Refusal | None = None) -> Reply:
    """What is said of an upload: its state in the headers, and in the body the file, once it is there."""
    headers = {"X-Goog-Upload-Status": session.status, "X-Goog-Upload-Size-Received": str(len(session.content))}
    if refusal:
        return Reply(refusal.body(), headers, refusal.code)
    return Reply({"file": session.resource} if "uri" in session.resource else None, headers)
