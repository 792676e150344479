"""BigQuery's errors in our words: what, to which thing, where in the statement, and what mends it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bqbatch import gcloud
from bqbatch.errors import Exists, WarehouseError

API = "bigquery.googleapis.com"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What hints are made of: who asks, in which project, for which dataset; `location_of` tells a dataset's, or None."""

    project: str
    dataset: str
    member: Callable[[], str]
    location_of: Callable[[str], str | None]


@contextlib.contextmanager
def said(sql: str, around: Circumstances) -> Iterator[None]:
    """Turns Google's errors into ours, with the offset in the statement that they tell as line and column."""
    from google.api_core.exceptions import Conflict, Forbidden, GoogleAPICallError, NotFound, RetryError, Unauthorized
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except Conflict as error:
        raise Exists(_message(error), None) from None
    except Forbidden as error:
        message = _message(error)
        hint = gcloud.refused(message, around.project, around.member(), API)
        what = message if "quota" in message.lower() else f"not allowed: {message}"
        raise WarehouseError(what, hint, offset=_offset(error, sql)) from None
    except NotFound as error:
        raise WarehouseError(_message(error), _missing(_message(error), around), offset=_offset(error, sql)) from None
    except Unauthorized as error:
        raise WarehouseError(f"Google Cloud does not know you: {_message(error)}", gcloud.LOGIN) from None
    except RetryError as error:
        raise WarehouseError(
            f"BigQuery can't be reached: {error.cause}", "is there a network? it is safe to go on later"
        ) from None
    except GoogleAPICallError as error:
        raise WarehouseError(_message(error), _other(_message(error)), offset=_offset(error, sql)) from None
    except GoogleAuthError as error:
        raise WarehouseError(*gcloud.unauthenticated(error)) from None
    except RequestException as error:
        raise WarehouseError(
            f"BigQuery can't be reached: {error}", "is there a network? it is safe to go on later"
        ) from None


def _missing(message: str, around: Circumstances) -> str:
    """What mends that something was not found; a dataset that is elsewhere is looked for."""
    found = re.search(r"Not found: (Project|Dataset|Table) ([^\s:]+)(?:[:.](\w+))?(?:\.(\w+))?", message)
    if found is None:
        return "is it in the location of the target's dataset? bqbatch doctor"
    kind, project, dataset, _ = found.groups()
    if kind == "Project":
        return "is `project` of the target right? gcloud projects list"
    path = f"{project}.{dataset}"
    if kind == "Table":
        return f"is the name right? bq ls {project}:{dataset}"
    asked = re.search(r"in location ([\w-]+)", message)
    there = around.location_of(path)
    if there is not None and asked:
        return (
            f"{path} is in {there}, and queries run in {asked[1]}, where the target's dataset is: "
            f"copy it to {asked[1]}, or set `dataset` of the target to one in {there}"
        )
    if path == around.dataset:
        where = asked[1] if asked else "US"
        return f"make it, where the rows are that are read: bq --location={where} mk --dataset {project}:{dataset}"
    return f"is the name right? bq ls --project_id={project}"


def _other(message: str) -> str | None:
    if "bytes billed" in message:
        return "read less (a partition, fewer columns), or raise `maximum_bytes_billed` of the target"
    if "too large" in message and "query" in message:
        return "put long texts into a table and join it"
    return None


def _message(error: Any) -> str:
    details = next((each for each in error.errors if isinstance(each, dict)), {})  # over gRPC they are no messages
    told = str(details.get("message") or error.message).strip()
    return re.sub(r"\s*at \[\d+:\d+\]$", "", told.splitlines()[0])


def _offset(error: Any, sql: str) -> int | None:
    found = re.search(r"at \[(\d+):(\d+)\]", str(error))
    if not found or not sql:
        return None
    lines = sql.splitlines(keepends=True)
    return sum(map(len, lines[: int(found[1]) - 1])) + int(found[2]) - 1
