"""What `doctor` looks at of the Gemini Developer API: the key, the model, and how much may wait."""

from __future__ import annotations

from collections.abc import Iterator

from bqbatch.doctor.check import OK, WARNING, Check
from bqbatch.errors import BqbatchError
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.services.developer.account import KEY
from bqbatch.services.developer.limits import TIERS, enqueued_tokens
from bqbatch.session import Session


def developer_checks(session: Session, prompt: CompiledPrompt | None) -> Iterator[Check]:
    """Every check of a target of type developer but those of its warehouse."""
    target = session.project.target
    model = (prompt.settings.model if prompt else None) or target.defaults.model
    try:
        session.developer(model or "", session.warehouse()).reach()
        yield Check("api key", OK, f"{KEY} is taken")
        if model is None:
            yield Check("model", OK, "each prompt names its own: doctor FILE looks at one")
        else:
            yield Check("model", OK, f"{model} is known")
    except BqbatchError as error:
        yield Check.failed("api key", error)
    if model is None:
        return
    if limit := target.enqueued_tokens or enqueued_tokens(model, target.tier):
        said = f"{limit:,} tokens of {model} may wait at a time"
        yield Check("queue", OK, said if target.enqueued_tokens else f"{said} at tier {target.tier} of {TIERS[-1]}")
    else:
        yield Check(
            "queue", WARNING, f"how many tokens of {model} may wait at a time is not known",
            "enqueued_tokens = … of the target, by https://aistudio.google.com/rate-limit",
        )  # fmt: skip
