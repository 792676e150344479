"""google-genai, made to send a request as it stands in its table, and to hand on the reply as it came.

The client's own form of a request has no place for all that REST takes (`responseFormat`, in 2.34), and writes what it
knows in its own way. So the request goes as `extra_body`, which the client merges into what it makes: an empty
`generationConfig`. What is about to leave is compared with what was meant, at each attempt.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from bqbatch import gcloud
from bqbatch.errors import ServiceError
from bqbatch.patience import Patience
from bqbatch.services.vertex_messages import said

if TYPE_CHECKING:
    import httpx
    from google.auth.credentials import Credentials
    from google.genai import Client
    from google.genai.types import HttpOptions

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_HTTP_CLIENTS = ("httpx", "httpx2")
_GENERATION_CONFIG = ("generationConfig", "generation_config")


class Unsent(Exception):
    """A request that can't be sent as it stands."""


class NoReply(Exception):
    """A request was given up before it had a reply."""


class Account(Protocol):
    """Who asks, and where: how a client is made, and what its errors say."""

    def client(self, options: HttpOptions) -> Client:
        """A client. Raises ServiceError where nobody is known who could ask."""

    def told(self, model: str, error: Exception) -> ServiceError:
        """An error of the client, of its credentials or of the way there, in our words."""


@dataclass
class VertexAccount:
    """A project at a location of Vertex AI: a region, `global`, `us` or `eu`. To `endpoint`, a server of one's own, no credentials are sent."""

    project: str
    location: str
    endpoint: str | None = None
    _credentials: Credentials | None = field(default=None, init=False)

    def client(self, options: HttpOptions) -> Client:
        import google.auth
        import google.oauth2.credentials
        from google import genai

        if self.endpoint:
            # The client refreshes anonymous credentials, which can't be; these are made up and never end.
            self._credentials = google.oauth2.credentials.Credentials(token="nobody")  # type: ignore[no-untyped-call]
        else:
            self._credentials, _ = google.auth.default(scopes=[_SCOPE])
        options = options.model_copy(update={"base_url": self.endpoint, "api_version": "v1"})
        return genai.Client(
            vertexai=True, project=self.project, location=self.location, credentials=self._credentials,
            http_options=options,
        )  # fmt: skip

    def told(self, model: str, error: Exception) -> ServiceError:
        from google.api_core.exceptions import from_http_status
        from google.genai.errors import APIError

        if isinstance(error, _unconnected()):
            return ServiceError(f"Vertex AI can't be reached: {error}", "is there a network? run again later")
        if isinstance(error, APIError):
            error = from_http_status(error.code, error.message or str(error))  # type: ignore[no-untyped-call]
        try:
            with said(model, self.project, self.location, lambda: gcloud.member_of(self._credentials)):
                raise error
        except ServiceError as ours:
            return ours


@dataclass
class GenaiClient:
    """Asks a model of an account's, from several threads; a request is asked so many `attempts` times at the most."""

    account: Account
    model: str
    patience: Patience
    attempts: int
    _sending: threading.local = field(default_factory=threading.local, init=False)

    def ask(self, request: Mapping[str, Any], given_up: Callable[[], bool], *, again: bool = True) -> str:
        """The reply to a GenerateContentRequest, as JSON text; repeated, if `again`, where the service is busy.

        Raises Unsent, NoReply, an APIError of google-genai, or ServiceError where nobody can ask or nobody is there.
        """
        from google.auth.exceptions import GoogleAuthError
        from google.genai.types import (
            AutomaticFunctionCallingConfig,
            GenerateContentConfig,
            HttpOptions,
            HttpRetryOptions,
        )

        self._sending.body = _as_sent(request)
        self._sending.given_up = given_up
        self._sending.until = time.monotonic() + self.patience.total_seconds
        pause = self.patience.pause_seconds
        retry = HttpRetryOptions(attempts=self.attempts if again else 1, initial_delay=pause, jitter=pause)
        config = GenerateContentConfig(
            http_options=HttpOptions(extra_body=dict(request), retry_options=retry),
            should_return_http_response=True,
            automatic_function_calling=AutomaticFunctionCallingConfig(disable=True),
            automatic_continuation=False,
        )
        contents: Any = None  # they are in the request
        try:
            reply = self._client.models.generate_content(model=self.model, contents=contents, config=config)
        except GoogleAuthError as error:
            raise self.account.told(self.model, error) from None
        except _unconnected() as error:
            raise self.account.told(self.model, error) from None
        except http_errors() as error:
            raise NoReply(f"there was no reply: {type(error).__name__} {error}".strip()) from None
        return (reply.sdk_http_response and reply.sdk_http_response.body) or ""

    def open(self) -> None:
        """Makes the client, which takes seconds the first time. Raises ServiceError where there are no credentials."""
        from google.auth.exceptions import GoogleAuthError

        try:
            _ = self._client
        except GoogleAuthError as error:
            raise self.account.told(self.model, error) from None

    @cached_property
    def _client(self) -> Client:
        from google.genai.types import HttpOptions

        # Without a handler Python writes the client's warnings to stderr; what they are about is in our errors.
        logging.getLogger("google_genai").addHandler(logging.NullHandler())
        return self.account.client(
            HttpOptions(
                timeout=int(self.patience.call_seconds * 1000), client_args={"event_hooks": {"request": [self._check]}}
            )
        )

    def _check(self, request: httpx.Request) -> None:
        """Is told each request that is about to leave, the repeated ones too."""
        if self._sending.given_up():
            raise NoReply("it was stopped before it had a reply")
        if time.monotonic() > self._sending.until:
            raise NoReply(f"there was no reply within {self.patience.total_seconds:g} seconds")
        if json.loads(request.content) != self._sending.body:
            raise Unsent("google-genai would change it on the way")


def import_client() -> None:
    """Imports google-genai."""
    importlib.import_module("google.genai")


def http_errors() -> tuple[type[Exception], ...]:
    """The errors of the HTTP client behind google-genai, which may be either of two."""
    return tuple(sys.modules[name].HTTPError for name in _HTTP_CLIENTS if name in sys.modules)


def _unconnected() -> tuple[type[Exception], ...]:
    """Those of them that say that nobody is there."""
    return tuple(sys.modules[name].ConnectError for name in _HTTP_CLIENTS if name in sys.modules)


def _as_sent(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request as it should leave: what the client writes in another way and means the same is the name of one field."""
    named = [name for name in _GENERATION_CONFIG if name in request]
    if len(named) > 1:
        raise Unsent(f"it has both {' and '.join(named)}")
    rest = {name: value for name, value in request.items() if name not in named}
    return {**rest, "generationConfig": request[named[0]] if named else {}}
