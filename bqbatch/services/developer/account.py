"""Who asks at the Gemini Developer API: an API key of the environment, which is kept nowhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bqbatch.errors import ServiceError
from bqbatch.services import Busy, Refused

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import HttpOptions

KEY = "GEMINI_API_KEY"
GET_A_KEY = f"make one at https://aistudio.google.com/apikey, then: export {KEY}=…"
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class Gone(ServiceError):
    """A file that a call names is not there any more."""


@dataclass(frozen=True, slots=True)
class DeveloperAccount:
    """The owner of an API key. `endpoint` is a server of one's own on this machine; to others no key is sent."""

    endpoint: str | None = None

    def client(self, options: HttpOptions) -> Client:
        """A client of google-genai. Raises ServiceError where there is no key."""
        from google import genai

        key = os.environ.get(KEY, "").strip()
        if not key:
            raise ServiceError(f"the Gemini Developer API takes an API key, and {KEY} is not set", GET_A_KEY)
        if not (key.isascii() and key.isprintable()):
            raise ServiceError(f"{KEY} is no API key: it has characters that none has", GET_A_KEY)
        if self.endpoint and urlsplit(self.endpoint).hostname not in _THIS_MACHINE:
            raise ServiceError(
                f"the API key is not sent to {self.endpoint}",
                "`endpoint` of this target takes a server on this machine",
            )
        # What the client would take of the environment in its place is set, so that it looks for nothing there.
        base = self.endpoint or "https://generativelanguage.googleapis.com/"
        return genai.Client(
            vertexai=False,
            api_key=key,
            http_options=options.model_copy(update={"base_url": base, "api_version": "v1beta"}),
        )

    def told(self, model: str, error: Exception) -> ServiceError:
        """An error of the client, or of the way there, in our words."""
        from google.genai.errors import APIError

        if not isinstance(error, APIError):
            return ServiceError(
                f"the Gemini Developer API can't be reached: {type(error).__name__} {error}".rstrip(),
                "is there a network? run again later",
            )
        message, code = error.message or str(error), error.code
        if code == HTTPStatus.FORBIDDEN and "may not exist" in message:
            return Gone(f"the Gemini Developer API: {message}", "files live for 48 hours there: run again")
        if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or (
            code == HTTPStatus.BAD_REQUEST and "api key" in message.lower()
        ):
            return Refused(f"the Gemini Developer API does not let {KEY} do this: {message}", GET_A_KEY)
        if code == HTTPStatus.NOT_FOUND:
            return Refused(
                f"the Gemini Developer API has no `{model}`: {message}",
                "its models: https://ai.google.dev/gemini-api/docs/models",
            )
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            return Busy(
                f"the Gemini Developer API takes no more just now: {message}",
                "it goes on by itself when others of your batches are through; `tier` of the target is what your account has",
            )
        if code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refused(f"the Gemini Developer API refuses: {message}", "bqbatch doctor looks at what a batch needs")
        return ServiceError(
            f"the Gemini Developer API: {message}", "nothing that was answered is lost; run again later"
        )
