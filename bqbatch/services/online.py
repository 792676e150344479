"""A Gemini model that is asked request by request, now: for samples, not for tables.

What is asked costs the price of a single call, about twice that of a batch.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Any

from bqbatch.errors import ServiceError
from bqbatch.patience import Patience
from bqbatch.services import Job
from bqbatch.services.early_import import import_early
from bqbatch.services.genai_client import Account, GenaiClient, NoReply, Unsent, import_client
from bqbatch.services.in_process import InProcess, Outcome, Work
from bqbatch.warehouses import Warehouse

if TYPE_CHECKING:
    from google.genai.errors import APIError

IN_FLIGHT = 8
"""How many requests are asked at a time, and how many in a row may go without an answer before the rest is not asked."""

# What is refused for its files is a request's own trouble, whatever the code is.
_ABOUT_A_FILE = re.compile(r"gs://|storage\.objects|cloud storage|\bfiles?\b|cached ?contents?\b", re.IGNORECASE)
_FOR_ALL = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_NAMES = {
    HTTPStatus.BAD_REQUEST: "INVALID_ARGUMENT",
    HTTPStatus.BAD_GATEWAY: "UNAVAILABLE",
    HTTPStatus.GATEWAY_TIMEOUT: "DEADLINE_EXCEEDED",
}


class OnlineService(InProcess):
    """A `BatchService` that asks the requests of a job one by one, `IN_FLIGHT` at a time.

    A request that is refused, or has no answer after the client's own repeats, is a row with a status, as in a batch. Where
    no request can be answered, for want of credentials, permission or the model, none is.
    """

    poll_seconds = 1.0
    grace_seconds = 5.0
    end_seconds = 0.0
    patience = Patience(total_seconds=120.0)
    attempts = 5
    """How often one request is asked at the most."""

    def __init__(self, warehouse: Warehouse, model: str, account: Account) -> None:
        super().__init__(warehouse, model)
        self._account = account
        self._importing = import_early(import_client)

    def submit(self, job: Job) -> str:
        """Asks one request, and when it is answered all others beside each other.

        Raises ServiceError where nothing can be answered, Refused where that is for good: the response table is there, and
        empty.
        """
        self._importing.join()
        client = GenaiClient(self._account, self.model, self.patience, self.attempts)
        client.open()
        work = self._works[job.name] = self.begin(job)
        asker = _Asker(client, work)
        work.start(asker.ask)
        while work.going and not work.answers:
            time.sleep(0.01)
        if work.trouble and not work.answers:
            del self._works[job.name]
            raise work.trouble
        for _ in range(min(IN_FLIGHT, work.total) - 1):
            work.start(asker.ask)
        return job.name


@dataclass(slots=True)
class _Asker:
    """Asks the requests of one job, from several threads. `unheard` counts those in a row that had no answer."""

    client: GenaiClient
    work: Work
    unheard: int = 0
    last: str = ""

    def ask(self, key: str, request: str) -> Outcome | None:  # noqa: ARG002
        """What comes of a request; None where the job stopped meanwhile. Raises ServiceError where none would be answered."""
        from google.genai.errors import APIError

        if self.unheard >= IN_FLIGHT:
            raise ServiceError(
                f"{IN_FLIGHT} requests in a row had no answer, the last one: {self.last}",
                "what was answered is kept, and the rest was not asked: run again later",
            )
        try:
            # Where others are sent away just now, asking again at once would only make it longer.
            reply = self.client.ask(_read(request), self.work.stopping.is_set, again=not self.unheard)
        except (Unsent, ValueError, RecursionError) as error:
            return _refused(HTTPStatus.BAD_REQUEST, f"this request can't be sent: {error}")
        except NoReply as error:
            if self.work.stopping.is_set():
                return None
            self._hear_nothing(str(error))
            return _refused(HTTPStatus.GATEWAY_TIMEOUT, str(error))
        except APIError as error:
            if error.code in _FOR_ALL and not _ABOUT_A_FILE.search(error.message or ""):
                raise self.client.account.told(self.client.model, error) from None
            if error.code == HTTPStatus.TOO_MANY_REQUESTS or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._hear_nothing(error.message or str(error))
            else:
                self.unheard = 0
            return _status(error.code, _error(error))
        self.unheard = 0
        return _answer(reply)

    def _hear_nothing(self, why: str) -> None:
        self.unheard, self.last = self.unheard + 1, why


def _read(request: str) -> Mapping[str, Any]:
    body = json.loads(request)
    if not isinstance(body, dict):
        raise Unsent("it is not a JSON object")
    return body


def _answer(reply: str) -> Outcome:
    """A reply of HTTP 200."""
    try:
        response = json.loads(reply)
        json.dumps(response, allow_nan=False)
    except (ValueError, RecursionError):
        response = None
    if isinstance(response, dict):
        return response, ""
    return _refused(HTTPStatus.BAD_GATEWAY, "the reply is not a GenerateContentResponse")


def _refused(code: HTTPStatus, message: str) -> Outcome:
    return _status(code, {"message": message, "status": _NAMES[code]})


def _status(code: int, error: Mapping[str, Any]) -> Outcome:
    """As batch prediction tells an error: a few words, and the error as JSON."""
    told = {"error": {"code": int(code), **{name: value for name, value in error.items() if name != "code"}}}
    return {}, f"{responses.get(code, 'Error')}: {json.dumps(told, ensure_ascii=False)}"


def _error(error: APIError) -> Mapping[str, Any]:
    """What Google says of an error; of one by somebody on the way, its text."""
    inner = error.details.get("error") if isinstance(error.details, dict) else None
    return inner if isinstance(inner, dict) else {"message": error.message or "", "status": error.status or ""}
