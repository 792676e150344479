"""How long calls to Google are waited for, and for how long they are repeated."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.api_core.retry import Retry

_LOG = logging.getLogger("bqbatch")
_LOG.addHandler(logging.NullHandler())  # or Python writes to stderr where nobody listens


@dataclass(frozen=True, slots=True)
class Patience:
    """The patience with one call.

    After `call_seconds` it is given up for lost. It is repeated after a pause of about `pause_seconds`, and of up to twice
    as long before each further repeat; none begins later than `total_seconds` after the first call. What goes wrong for
    longer than `silent_seconds` is told to the log "bqbatch", once.
    """

    call_seconds: float = 120.0
    pause_seconds: float = 1.0
    total_seconds: float = 600.0
    silent_seconds: float = 10.0

    @property
    def brief(self) -> Patience:
        """The patience of who only looks whether somebody is there."""
        return replace(self, call_seconds=min(20.0, self.call_seconds), total_seconds=min(5.0, self.total_seconds))

    def retry(self, is_passing: Callable[[Exception], bool]) -> Retry:
        """What repeats a call that ends with an error that is passing. Only for one that changes nothing, or the same thing."""
        from google.api_core.retry import Retry

        tell = self.trouble()
        return Retry(
            predicate=is_passing, initial=self.pause_seconds, maximum=60.0, timeout=self.total_seconds, on_error=tell
        )

    def trouble(self) -> Callable[[Exception], None]:
        """What is told of each error of one call that is repeated."""
        began, told = time.monotonic(), False

        def tell(error: Exception) -> None:
            nonlocal told
            waited = time.monotonic() - began
            if not told and waited > self.silent_seconds:
                told = True
                _LOG.warning(
                    "no answer for %.0f s, trying again for %.0f more: %s: %s",
                    waited, max(0.0, self.total_seconds - waited), type(error).__name__, str(error).partition("\n")[0],
                )  # fmt: skip

        return tell
