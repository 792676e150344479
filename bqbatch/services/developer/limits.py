"""What the Gemini Developer API takes at a time: tokens by model and tier, bytes of a file, batches.

From ai.google.dev/gemini-api/docs/rate-limits and …/docs/batch-api, as of October 2026. The tokens are those of all batches
of a Google Cloud project that are not over yet; a tier is what a project has by what it paid so far.
"""

from __future__ import annotations

from bqbatch.prices import name_of

TIERS = (1, 2, 3)
MOST_BYTES = 2_000_000_000
"""Of one file."""
MOST_BATCHES = 100
"""That are not over yet, at a time."""
BATCH_HOURS = 24
"""In which Google means a batch to be through; it may take twice as long, and then expires."""
EXPIRES_HOURS = 48

_M = 1_000_000
_ENQUEUED = {
    "gemini-3.8-flash": (3 * _M, None, None),
    "gemini-3.5-flash": (3 * _M, 400 * _M, 1_000 * _M),
    "gemini-3.5-flash-lite": (10 * _M, None, None),
    "gemini-3.1-pro": (5 * _M, 500 * _M, 1_000 * _M),
    "gemini-3.1-flash-lite": (10 * _M, 500 * _M, 1_000 * _M),
    "gemini-2.5-pro": (5 * _M, 500 * _M, 1_000 * _M),
    "gemini-2.5-flash": (3 * _M, 400 * _M, 1_000 * _M),
    "gemini-2.5-flash-lite": (10 * _M, 500 * _M, 1_000 * _M),
}
_ALIKE = {"gemini-3.8-flash": "gemini-3.5-flash", "gemini-3.5-flash-lite": "gemini-3.1-flash-lite"}
"""Whose limits a model is taken to have where its own are not known: of its kind."""


def enqueued_tokens(model: str, tier: int) -> int | None:
    """How many tokens of input may wait at a time for a model, over all batches; None where nobody knows."""
    name = name_of(model)
    for known in filter(None, (name, _ALIKE.get(name))):
        if (tokens := _ENQUEUED.get(known, (None, None, None))[tier - 1]) is not None:
            return tokens
    return None
