"""How long calls to Google are waited for, and for how long they are repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.api_core.retry import Retry


@dataclass(frozen=True, slots=True)
class Patience:
    """The patience with one call.

    After `call_seconds` it is given up for lost. It is repeated after a pause of about `pause_seconds`, and of up to twice
    as long before each further repeat; none begins later than `total_seconds` after the first call.
    """

    call_seconds: float = 120.0
    pause_seconds: float = 1.0
    total_seconds: float = 600.0

    def retry(self, is_passing: Callable[[Exception], bool]) -> Retry:
        """What repeats a call that ends with an error that is passing. Only for one that changes nothing, or the same thing."""
        from google.api_core.retry import Retry

        return Retry(predicate=is_passing, initial=self.pause_seconds, maximum=60.0, timeout=self.total_seconds)
