"""An import that goes on beside what else is done: Google's clients take seconds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable


def import_early(load: Callable[[], object]) -> threading.Thread:
    """The thread that imports; whoever needs what it imports joins it first."""

    def load_quietly() -> None:
        with contextlib.suppress(ImportError):  # it is told where it is imported again, and needed
            load()

    thread = threading.Thread(target=load_quietly, daemon=True)
    thread.start()
    return thread
