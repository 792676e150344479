"""Which Gemini models answer batches on Vertex AI, and where: as documented up to November 2026.

It makes hints and no refusals: models come and go, and Vertex AI has the last word. Pages:
docs.cloud.google.com/gemini-enterprise-agent-platform/models (locations, in each model's page) and …/models/model-versions
(retirement). Models from 3 on are served at `global` and, most of them, at the multi-regions `us` and `eu`.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

_EVERYWHERE = ("global", "us", "eu")


MOST_OUTPUT_TOKENS = 65_536
"""Of one answer, thinking included, for Gemini from 2.5 on (the models' own pages, 2026)."""
LEAST_BUDGET_OF_PRO = 128
"""Tokens of thinking that Gemini 2.5 Pro takes at the least; it can't be switched off."""
_DEFAULT_LEVELS = {"flash": "medium", "pro": "high"}
"""The level at which models from 3 on think unless told otherwise; Flash-Lite's is minimal."""


@dataclass(frozen=True, slots=True)
class Model:
    """Where a model is served, and the day it is retired, None where none is announced. No places: any region."""

    places: tuple[str, ...] = _EVERYWHERE
    retired: date | None = None

    def is_gone(self, today: date) -> bool:
        return self.retired is not None and self.retired <= today


MODELS = {
    "gemini-3.8-flash": Model(("global",)),
    "gemini-3.7-flash": Model(retired=date(2027, 1, 28)),
    "gemini-3.6-flash": Model(retired=date(2026, 11, 19)),
    "gemini-3.5-flash": Model((*_EVERYWHERE, "asia-northeast1", "europe-west2", "europe-west3")),
    "gemini-3.5-flash-lite": Model(),
    "gemini-3.1-flash-lite": Model(),
    "gemini-3.1-pro-preview": Model(("global",)),
    "gemini-3-flash-preview": Model(("global",)),
    "gemini-2.5-pro": Model((), date(2026, 10, 20)),
    "gemini-2.5-flash": Model((), date(2026, 10, 20)),
    "gemini-2.5-flash-lite": Model((), date(2026, 10, 20)),
}


def is_gemini(model: str) -> bool:
    """Whether a name is a Gemini model's, or a tuned model's, whose name does not tell what it was made of."""
    return (
        re.fullmatch(r"(publishers/google/models/)?gemini-[\w.-]+|projects/[^/]+/locations/[^/]+/models/[^/]+", model)
        is not None
    )


def thinking_problem(model: str, level: str | None, budget: int | None) -> tuple[str, str] | None:
    """What a model does not take of thinking settings as (message, hint), or None: its family takes a level or a budget.

    Thinking is billed as output and counts against the output cap. Facts:
    docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking (August 2026).
    """
    family = re.search(r"gemini-(\d+)", model)
    if family is None:
        return None
    if level is not None and budget is not None:
        return "thinkingLevel and thinkingBudget can't stand together", "leave one of them out"
    if int(family[1]) >= 3 and budget is not None:
        return (
            f"`{model}` takes a thinking level, not {budget:,} tokens",
            "thinking = 'minimal', 'low', 'medium' or 'high'",
        )
    if int(family[1]) < 3 and level is not None:
        return f"`{model}` takes thinking in tokens, not a level", "thinking = 0 is off, -1 leaves it to the model"
    if "3.7-flash" in model and level == "minimal":
        return f"`{model}` has no thinking level `minimal`", "thinking = 'low'"
    if "2.5-pro" in model and budget is not None and 0 <= budget < LEAST_BUDGET_OF_PRO:
        return f"`{model}` thinks for {LEAST_BUDGET_OF_PRO} tokens at least", f"thinking = {LEAST_BUDGET_OF_PRO}"
    return None


def cap_problem(model: str, cap: int | None) -> tuple[str, str] | None:
    """What is wrong with an output cap of which thoughts leave nothing, as (message, hint), or None."""
    if cap is not None and "2.5-pro" in model and cap <= LEAST_BUDGET_OF_PRO:
        return (
            f"`{model}` thinks for {LEAST_BUDGET_OF_PRO} tokens at least, and max_output_tokens = {cap:,} leaves none for the answer",
            "thoughts count against it: max_output_tokens = 1024",
        )
    return None


def thinking_note(model: str, level: str | None, budget: int | None, cap: int | None, *, typed: bool) -> str | None:
    """What to look out for where thoughts may take more of the answer's room than one would think, or None.

    Defaults are facts of the page that `thinking_problem` names.
    """
    room = cap or MOST_OUTPUT_TOKENS
    if budget is not None and budget >= room:
        whose = "max_output_tokens" if cap else "what a model writes at most"
        return (
            f"a row that thinks for {budget:,} tokens has no answer: {whose} is {room:,}, and thoughts count against it"
        )
    family = re.search(r"gemini-[3-9][\d.]*-(flash-lite|flash|pro)(-preview\b|$)", model)
    default = _DEFAULT_LEVELS.get(family[1]) if family else None
    if typed and default and level is None and budget is None:
        return (
            f"thinking is not set: `{model}` thinks at the level {default}, which is billed as output and counts against "
            "max_output_tokens; the columns of {% output %} seldom need more than thinking = 'low'"
        )
    return None


def less_thinking(model: str, level: str | None, budget: int | None) -> str | int | None:
    """A setting `thinking` by which a model thinks less than by these, None where there is none or nobody knows."""
    family = re.search(r"gemini-(\d+)[\d.]*-(flash-lite|flash|pro)(?![a-z])", model)
    if family is None:
        return None
    if int(family[1]) >= 3:
        level = level or _DEFAULT_LEVELS.get(family[2], "minimal")
        if level in ("medium", "high"):
            return "low"
        gone = level == "minimal" or family[2] == "pro" or thinking_problem(model, "minimal", None)
        return None if gone else "minimal"
    least = LEAST_BUDGET_OF_PRO if family[2] == "pro" else 0
    if budget is None and family[2] == "flash-lite":
        return None  # it does not think unless told
    return least if budget is None or not 0 <= budget <= least else None


def least_cached(model: str) -> int | None:
    """How many tokens requests have to begin with alike for a cache to keep them; None where nobody knows.

    By generation: docs.cloud.google.com/vertex-ai/generative-ai/docs/context-cache/context-cache-overview and
    ai.google.dev/gemini-api/docs/caching (October 2026).
    """
    family = re.search(r"gemini-(\d+)", model)
    return None if family is None or int(family[1]) < 2 else 2048 if int(family[1]) == 2 else 4096


def advice(model: str, location: str, today: date | None = None) -> str | None:
    """What to do about a model that is not served at a location; None where it should be, as far as is known."""
    today = today or datetime.now(UTC).date()
    if "/" in model:  # a tuned one has its location in its name
        place = model.split("/")[3:4]
        return f'a tuned model answers where it is: location = "{place[0]}"' if place not in ([], [location]) else None
    known = MODELS.get(model)
    served = [name for name, each in MODELS.items() if not each.is_gone(today)]
    if known is None:
        near = difflib.get_close_matches(model, served, n=1)
        return f"did you mean `{near[0]}`?" if near else f"known in November 2026: {', '.join(served)}"
    if known.is_gone(today):
        here = [name for name in served if not MODELS[name].places or location in MODELS[name].places]
        return f"`{model}` was retired on {known.retired}; at {location} there are {', '.join(here) or 'no models'}"
    if known.places and location not in known.places:
        return f"`{model}` is served at {', '.join(known.places)}: set `location` of the target"
    return None


def residence(location: str, dataset: str) -> tuple[bool, str] | None:
    """What is wrong with answering rows of a dataset at a location, and whether a job fails of it; None where nothing is.

    Both in one region, by the documentation; at `global` any dataset will do, as users report, and its rows are
    processed wherever Google has room.
    """
    here, there = location.lower(), dataset.lower()
    if here == "global":
        europe = there == "eu" or there.startswith("europe-")
        return (False, f"the rows are in {dataset}, and at `global` a model may answer anywhere") if europe else None
    if here != there:
        return True, f"the rows are in {dataset}, and jobs at {location} read datasets in {location} only"
    return None
