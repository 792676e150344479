"""Vertex AI batch prediction or the Gemini Developer API: how the two differ, and which one fits here.

What is said of them is of docs.cloud.google.com/gemini-enterprise-agent-platform/models/capabilities/batch-inference and
ai.google.dev/gemini-api/docs/batch-api, as of October 2026.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bqbatch.doctor.check import OK, Check
from bqbatch.project import FILE, MOST_REQUESTS, Project
from bqbatch.services.developer.account import KEY
from bqbatch.services.developer.limits import BATCH_HOURS, EXPIRES_HOURS, MOST_BATCHES, MOST_BYTES, enqueued_tokens
from bqbatch.services.models import MODELS

HEADERS = ("", "Vertex AI batch prediction", "Gemini Developer API batch")
ASPECTS = (
    ("interface", "aiplatform.googleapis.com; target of type vertex", "generativelanguage.googleapis.com; type developer"),
    ("provider", "Google Cloud", "Google AI Studio"),
    ("authentication", "Cloud IAM: credentials of a person or a service account", f"an API key in {KEY}"),
    ("billing", "half of the online price, to the Google Cloud project", "half of the online price, to the key's project; no free tier"),
    ("input", "a BigQuery table", "a JSONL file, uploaded"),
    ("output", "a BigQuery table", "a JSONL file, downloaded"),
    (
        "limits", f"{MOST_REQUESTS:,} requests a job",
        f"tokens that wait, by model and tier; {MOST_BYTES // 10**9} GB a file, {MOST_BATCHES} batches at a time",
    ),
    (
        "expiry", "waits for 72 hours, works for 24; what was answered is kept",
        f"after {EXPIRES_HOURS} hours, and nothing is kept",
    ),
    ("data location", "a region, us, eu, or global", "Google's choice"),
)  # fmt: skip
_TYPICAL = 300
"""Tokens of a request, where nobody knows: a short text and what is asked of it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is said of each of the two, aspect by aspect, and which one fits."""

    rows: tuple[tuple[str, str, str], ...]
    advice: str

    def as_json(self) -> dict[str, Any]:
        """One more check, which is never broken: the advice is what was seen, and the rows are beside it."""
        rows = [dict(zip(("aspect", "vertex", "developer"), row, strict=True)) for row in self.rows]
        return {**asdict(Check("which one", OK, self.advice)), "compared": rows}


def comparison(project: Project, model: str | None, rows: int | None, tokens: int | None) -> Comparison:
    """The two services as seen from here: for a model, and so many requests of so many tokens, each where it is known."""
    has_cloud, has_key = _has_credentials(), bool(os.environ.get(KEY, "").strip())
    tier = project.target.tier
    limit = model and (project.target.enqueued_tokens or enqueued_tokens(model, tier))
    turns = -(-rows * (tokens or _TYPICAL) // limit) if rows and limit else None
    here = tuple(_here(project, model, rows, tokens, limit or None, turns, has_cloud=has_cloud, has_key=has_key))
    return Comparison((*ASPECTS, *here), _advice(model, turns, has_cloud=has_cloud, has_key=has_key))


def _here(
    project: Project, model: str | None, rows: int | None, tokens: int | None, limit: int | None, turns: int | None, *,
    has_cloud: bool, has_key: bool,
) -> Iterator[tuple[str, str, str]]:  # fmt: skip
    targets = _targets(project.root / FILE)
    yield (
        "here",
        ("credentials are there" if has_cloud else "no credentials found") + _named(targets, "vertex"),
        f"{KEY} is {'set' if has_key else 'not set'}" + _named(targets, "developer"),
    )
    if model:
        places = MODELS[model].places if model in MODELS else None
        served = "where is not known here" if places is None else ", ".join(places) or "in any region"
        waits = (
            f"{limit:,} tokens may wait at tier {project.target.tier}"
            if limit
            else "how many tokens may wait is not known here"
        )
        yield model, served, waits
    if rows:
        jobs = -(-rows // MOST_REQUESTS)
        size = f"of {tokens:,} tokens" if tokens else f"if one has {_TYPICAL} tokens"
        several = (
            f"{turns:,} batches one after the other, {turns * BATCH_HOURS // 24:,} days"
            if turns and turns > 1
            else "1 batch"
        )
        yield (
            f"{rows:,} requests", "1 job" if jobs == 1 else f"{jobs:,} jobs beside each other",
            f"{several} {size}" if limit else "not known here",
        )  # fmt: skip


def _advice(model: str | None, turns: int | None, *, has_cloud: bool, has_key: bool) -> str:
    if not has_cloud and not has_key:
        return "neither is set up: the local target needs nothing; an API key is the quicker way, a Google Cloud project the wider one"
    if not has_cloud:
        slow = "; so many take days, for which Vertex AI is worth setting up" if turns and turns > 1 else ""
        return f"the Gemini Developer API: its key is there, Google Cloud's credentials are not{slow}"
    if not has_key:
        return "Vertex AI: its credentials are there, an API key is not"
    if turns and turns > 1:
        return "Vertex AI: the other would take them one batch after the other"
    if model in MODELS and not MODELS[model].places:
        return "Vertex AI, in a region that serves the model"
    return "Vertex AI where the rows are in BigQuery, the Gemini Developer API where they are in files"


def _targets(file: Path) -> dict[str, str]:
    """The targets of a project's file, with their types."""
    if not file.is_file():
        return {}
    targets = tomllib.loads(file.read_text("utf-8")).get("targets", {})
    return {name: table.get("type", "") for name, table in targets.items()}


def _named(targets: dict[str, str], kind: str) -> str:
    names = [f"--target {name}" for name, each in targets.items() if each == kind]
    return f"; {', '.join(names)}" if names else f'; no target of type = "{kind}"'


def _has_credentials() -> bool:
    """Whether Google's libraries would find a file with credentials here."""
    folder = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud"
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    return Path(named or Path(folder) / "application_default_credentials.json").is_file()
