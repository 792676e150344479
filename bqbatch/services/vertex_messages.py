"""Vertex AI's errors in our words: what, to which model or job, and what mends it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from bqbatch import gcloud
from bqbatch.errors import ServiceError
from bqbatch.services import Refused
from bqbatch.services.models import advice

API = "aiplatform.googleapis.com"


@contextlib.contextmanager
def said(model: str, project: str, location: str, member: Callable[[], str]) -> Iterator[None]:
    """Turns Google's errors into ours."""
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except exceptions.NotFound as error:
        hint = advice(model, location) or "is `project` of the target right, and the model? bqbatch doctor"
        raise Refused(f"Vertex AI has no `{model}` at `{location}`: {message_of(error)}", hint) from None
    except exceptions.Forbidden as error:
        hint = gcloud.refused(message_of(error), project, member(), API)
        raise Refused(f"Vertex AI refuses: {message_of(error)}", hint) from None
    except exceptions.Unauthorized as error:
        raise Refused(f"Google Cloud does not know you: {message_of(error)}", gcloud.LOGIN) from None
    except exceptions.TooManyRequests as error:
        raise ServiceError(f"Vertex AI takes no more for now: {message_of(error)}", gcloud.quota(project)) from None
    except exceptions.BadRequest as error:
        elsewhere = "set `location` of the target to where its dataset is, or to global"
        hint = elsewhere if "location" in message_of(error) else "bqbatch doctor looks at what a job needs"
        raise Refused(f"Vertex AI refuses the job: {message_of(error)}", hint) from None
    except exceptions.RetryError as error:
        raise ServiceError(
            f"Vertex AI can't be reached: {error.cause}", "is there a network? run again later"
        ) from None
    except exceptions.GoogleAPICallError as error:
        raise ServiceError(
            f"Vertex AI: {message_of(error)}", "nothing that was answered is lost; run again later"
        ) from None
    except GoogleAuthError as error:
        raise ServiceError(*gcloud.unauthenticated(error)) from None
    except RequestException as error:
        raise ServiceError(f"Vertex AI can't be reached: {error}", "is there a network? run again later") from None


def message_of(error: Any) -> str:
    """What Google says, without the address that was called."""
    return re.sub(r"^[A-Z]+ https?://\S+: ", "", str(error.message))
