"""The HTTP side of the loopback server: it takes a call, has it judged and answered, and keeps the record."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import discovery

BIGQUERY, VERTEX, DEVELOPER = "bigquery.v2", "aiplatform.v1", "generativelanguage.v1beta"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the method it means by its discovery id, its path, its query, its body and its headers."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    size: int
    origin: str
    headers: Message = field(default_factory=Message)


class Refusal(Exception):
    """An answer that is an error, in the form of Google's APIs."""

    def __init__(
        self, code: int, reason: str, message: str, status: str = "", details: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.status, self.details = code, reason, message, status, details

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "code": self.code, "message": self.message,
            "errors": [{"message": self.message, "domain": "global", "reason": self.reason}],
        }  # fmt: skip
        error |= {"status": self.status} if self.status else {}
        return {"error": error | ({"details": list(self.details)} if self.details else {})}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with headers of its own; `body` is None where there is none to check, bytes where it is a file's."""

    body: Any
    headers: Mapping[str, str]
    code: int = 200


Answer = Callable[[Call], Any]


def check_body(api: str, method: str, schema: str, body: Any) -> None:
    """Has a body judged: what a client makes up is its own defect, what a user wrote is refused to the user."""
    if api == DEVELOPER or method.endswith(".generateContent"):
        body = discovery.in_camel_case(api, schema, body)
    if not method.endswith(".generateContent"):
        discovery.check(api, schema, body)
        return
    try:
        discovery.check(api, schema, body)
    except discovery.NotInDiscoveryError as error:
        raise Refusal(400, "invalid", f"Invalid JSON payload received. {error}", "INVALID_ARGUMENT") from None


class Loopback:
    """A server on 127.0.0.1 that answers for a few of Google's APIs; `answers` has a function for each method."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.calls: list[Call] = []
        self.before: Callable[[Call], None] = lambda _: None
        """Is told each call before it is answered; may raise a Refusal."""
        self.after: Callable[[Call], None] = lambda _: None
        """Is told each call after it was carried out and before the reply is sent; may raise ConnectionError."""
        self.sent: Callable[[Call, bytes], bytes] = lambda _, data: data
        """Is told the bytes of each reply; what it returns is sent."""
        self.ahead = 0.0
        """Seconds by which the server's clock is ahead of this machine's."""
        self.problems: list[str] = []
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_: Any) -> None:
                pass

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) + loopback.ahead)

            def handle_any(self) -> None:
                loopback._handle(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert not self.problems, self.problems

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        if parts.path == "/token":
            self._give_token(handler)
            return
        size = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(size)
        if len(raw) < size:  # who called was killed while speaking
            handler.close_connection = True
            return
        api = BIGQUERY if "/bigquery/" in parts.path else DEVELOPER if "/v1beta/" in parts.path else VERTEX
        headers: Mapping[str, str] = {}
        call: Call | None = None
        try:
            # A chunk of an upload is sent to the address that the first call of it was told.
            said = handler.headers.get("X-Goog-Upload-Command", "start")
            chunk = parts.path.startswith("/upload/") and (handler.command == "PUT" or said != "start")
            verb = "POST" if chunk else handler.command
            path = parts.path.removeprefix("/upload").removeprefix("/download")
            identifier, method = discovery.method_of(api, verb, path)
            body = (
                json.loads(raw) if raw and "json" in handler.headers.get("Content-Type", "json") and not chunk else raw
            )
            if "request" in method and isinstance(body, dict):
                check_body(api, identifier, method["request"]["$ref"], body)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            call = Call(identifier, parts.path, query, body, len(raw), self.url, handler.headers)
            self.calls.append(call)
            self.before(call)
            if identifier not in self.answers:
                raise discovery.NotInDiscoveryError(f"nobody answers {identifier} here")
            code, reply = 200, self.answers[identifier](call)
            if isinstance(reply, Reply):
                code, headers, reply = reply.code, reply.headers, reply.body
            if "response" in method and reply is not None and code == 200:
                discovery.check(api, method["response"]["$ref"], reply)
            self.after(call)
        except Refusal as refusal:
            code, reply = refusal.code, refusal.body()
        except ConnectionError:
            handler.close_connection = True
            # Closed without lingering, a connection is reset: the client is told that nothing more comes.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(handler.connection.detach())
            return
        except Exception as error:  # a defect of the server is told by the test that met it
            self.problems.append(f"{handler.command} {handler.path}: {error!r}")
            code, reply = 501, Refusal(501, "notImplemented", repr(error)).body()
        self._send(handler, code, reply, headers, call)

    def _send(
        self,
        handler: BaseHTTPRequestHandler,
        code: int,
        reply: Any,
        headers: Mapping[str, str] = {},
        call: Call | None = None,
    ) -> None:
        data = b"" if reply is None else reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        if call is not None:
            data = self.sent(call, data)
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json; charset=UTF-8")
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name, value)
        with contextlib.suppress(OSError):  # nobody listens any more
            handler.end_headers()
            handler.wfile.write(data)
            handler.wfile.flush()

    def _give_token(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers a service account that asks for a token, as oauth2.googleapis.com does; its claims need our time."""
        asked = parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        claims = asked["assertion"][0].split(".")[1]
        issued = json.loads(base64.urlsafe_b64decode(claims + "==="))["iat"]
        if abs(time.time() + self.ahead - issued) < 300:
            self._send(handler, 200, {"access_token": "local", "expires_in": 3600, "token_type": "Bearer"})
            return
        words = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
        self._send(handler, 400, {"error": "invalid_grant", "error_description": words})
