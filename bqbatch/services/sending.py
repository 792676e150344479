"""A job sent once, to a service that takes no id of the client's choosing.

What was sent and not heard of is looked for until a settle time has passed; only then is it sent again. What remains is a
job that comes to light later than that.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bqbatch.errors import ServiceError
from bqbatch.services import Refused


class Lost(Exception):
    """Nobody knows whether the service did what it was asked; the cause is the client's own error."""


def send_once(
    create: Callable[[bool], str], find: Callable[[], str | None], *, settle_seconds: float, patience_seconds: float,
    poll_seconds: float,
) -> str:  # fmt: skip
    """The service's name for a job that `create` sends, or that `find` finds because an earlier call did.

    `create` is told whether it was called before, and raises Lost. Raises what caused it when the patience is at its end,
    and what else `create` and `find` raise; Refused only where no earlier call may have made a job.
    """
    lost: list[float] = []
    began, pause = time.monotonic(), min(1.0, poll_seconds)
    while True:
        # Asked before the look, not after: this machine may sleep between the two.
        settled = not lost or time.monotonic() - lost[-1] > settle_seconds
        if lost and (found := find()):
            return found
        if settled:
            try:
                return create(bool(lost))
            except Lost as error:
                lost.append(time.monotonic())
                if lost[-1] - began > patience_seconds and error.__cause__:
                    raise error.__cause__ from None  # the intent is in the log: whoever goes on looks for the job
            except Refused as refused:
                if lost:  # one that was sent before, and not heard of, may be there all the same
                    raise ServiceError(refused.message, refused.hint) from None
                raise
        time.sleep(pause)
        pause = min(pause * 2, poll_seconds)
