"""google-genai's files and batches, one call each; replies as REST has them.

The client leaves out of a batch what it was refused for, and how many of its requests are through (google-genai 2.34,
`_BatchJob_from_mldev`): a look at a batch is read from the reply itself.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bqbatch.errors import ServiceError
from bqbatch.patience import Patience
from bqbatch.services.developer.account import DeveloperAccount
from bqbatch.services.genai_client import http_errors
from bqbatch.services.remote import Lost

if TYPE_CHECKING:
    import httpx
    from google.genai import Client

_T = TypeVar("_T")
_MIME = "application/jsonl"
_PAGE = 100
_GONE = (HTTPStatus.NOT_FOUND,)
_NOT_OURS = (*_GONE, HTTPStatus.FORBIDDEN)
"""Of what is not there, or is another project's, nobody is told whether it ever was."""


@dataclass
class DeveloperClient:
    """The files and batches of an account. One call takes `patience.call_seconds` at most, a file's chunk of 8 MiB too."""

    account: DeveloperAccount
    model: str
    patience: Patience
    _reply: dict[str, Any] = field(default_factory=dict, init=False)

    def upload(self, path: Path, name: str) -> str:
        """Uploads a file under a name of ours, in place of one that an earlier call left, and returns the API's name for it."""

        def upload() -> str:
            from google.genai.errors import APIError

            try:
                file = self._client.files.upload(file=path, config={"name": name, "mime_type": _MIME})
            except APIError as error:
                if error.code != HTTPStatus.CONFLICT:
                    raise
                self._client.files.delete(name=name)
                file = self._client.files.upload(file=path, config={"name": name, "mime_type": _MIME})
            return str(file.name)

        return self._again(upload)

    def create(self, file: str, display_name: str) -> str:
        """The name of a new batch over a file. Raises Lost, Busy or Refused."""
        with self._told():
            try:
                batch = self._client.batches.create(model=self.model, src=file, config={"display_name": display_name})
            except Exception as error:
                if is_lost(error):
                    raise Lost from self.account.told(self.model, error)
                raise
        return str(batch.name)

    def find(self, display_name: str) -> str | None:
        """The name of the batch that goes by a name of ours, the latest of several; None where there is none."""

        def find() -> str | None:
            batches = self._client.batches.list(config={"page_size": _PAGE})
            return next((str(batch.name) for batch in batches if batch.display_name == display_name), None)

        return self._again(find)

    def get(self, name: str, *, seen: bool) -> dict[str, Any] | None:
        """The batch as REST has it, an Operation; None where it is not there.

        Of one that this key has not `seen` before, being refused tells no more than that: it may be somebody else's.
        """

        def get() -> dict[str, Any]:
            self._reply = {}
            self._client.batches.get(name=name)
            return self._reply

        return self._unless(_GONE if seen else _NOT_OURS, get)

    def cancel(self, name: str) -> None:
        """Asks the API to stop a batch; one that is over stays as it is."""
        self._unless((*_GONE, HTTPStatus.BAD_REQUEST), lambda: self._client.batches.cancel(name=name))

    def download(self, file: str, to: Path) -> bool:
        """Writes a file to disk; False where it is not there any more."""

        def download() -> bool:
            self._client.files.download(file=file, destination=str(to))
            size = self._size(file)
            if size is not None and to.stat().st_size != size:  # a reply may break off and not say so
                raise ValueError(f"{to.stat().st_size:,} bytes of {size:,} have come")
            return True

        return bool(self._unless(_NOT_OURS, download))

    def _size(self, file: str) -> int | None:
        """How many bytes a file has; None where the API does not tell: of a file of results it often does not, as their ids
        are longer than it takes (https://github.com/googleapis/go-genai/issues/436)."""
        from google.genai.errors import APIError

        with contextlib.suppress(APIError):
            return self._client.files.get(name=file).size_bytes
        return None

    def remove(self, *files: str) -> None:
        """Deletes files, and makes nothing of one that can't be: that of results often can't
        (https://github.com/googleapis/python-genai/issues/1759)."""
        for file in files:
            remove = functools.partial(self._client.files.delete, name=file)
            with contextlib.suppress(ServiceError):
                self._unless((*_NOT_OURS, HTTPStatus.BAD_REQUEST), remove)

    def reach(self) -> None:
        """Raises ServiceError where nobody is there, or the key, or the model where there is one, is not known."""

        def reach() -> None:
            models = self._client.models
            if self.model:
                models.get(model=self.model)
            else:
                next(iter(models.list(config={"page_size": 1})), None)

        self._again(reach)

    def _unless(self, codes: Collection[int], call: Callable[[], _T]) -> _T | None:
        """What a call returns, None where it ends with one of these codes."""
        from google.genai.errors import APIError

        def unless() -> _T | None:
            try:
                return call()
            except APIError as error:
                if error.code in codes:
                    return None
                raise

        return self._again(unless)

    def _again(self, call: Callable[[], _T]) -> _T:
        """A call that changes nothing, or the same thing, repeated while the service is busy."""
        from google.api_core.exceptions import RetryError

        retry = self.patience.retry(lambda error: is_lost(error) or _is_busy(error))
        with self._told():
            try:
                return retry(call)()
            except RetryError as error:
                raise (error.cause if isinstance(error.cause, Exception) else error) from None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turns the client's errors into ours."""
        from google.genai.errors import APIError

        try:
            yield
        except Exception as error:
            if isinstance(error, APIError) or is_lost(error):
                raise self.account.told(self.model, error) from None
            raise

    @cached_property
    def _client(self) -> Client:
        from google.genai.types import HttpOptions

        # Without a handler Python writes the client's warnings to stderr; what they are about is in our errors.
        logging.getLogger("google_genai").addHandler(logging.NullHandler())
        options = HttpOptions(
            timeout=int(self.patience.call_seconds * 1000), client_args={"event_hooks": {"response": [self._keep]}}
        )
        return self.account.client(options)

    def _keep(self, response: httpx.Response) -> None:
        """Is told each reply; keeps that of a batch."""
        if response.request.method == "GET" and "/batches/" in response.request.url.path:
            response.read()
            with contextlib.suppress(ValueError):
                self._reply = response.json()


# A reply that was cut off, or that is no JSON; a chunk that the server took for another one.
_UNREADABLE = (ValueError, KeyError)


def is_lost(error: Exception) -> bool:
    """Whether nobody knows after an error if the service did what it was asked."""
    from google.genai.errors import APIError

    if isinstance(error, APIError):
        return error.code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, (*http_errors(), *_UNREADABLE))


def _is_busy(error: Exception) -> bool:
    from google.genai.errors import APIError

    return isinstance(error, APIError) and error.code == HTTPStatus.TOO_MANY_REQUESTS
