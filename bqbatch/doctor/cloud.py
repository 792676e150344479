"""What `doctor` looks at on Google Cloud: who asks, where the rows are, who answers, and what a prompt reads."""

from __future__ import annotations

from collections.abc import Iterator

from bqbatch import gcloud
from bqbatch.doctor.check import BROKEN, OK, WARNING, Check
from bqbatch.errors import BqbatchError, WarehouseError
from bqbatch.project import Target
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.ledger import Ledger
from bqbatch.services.models import MODELS, advice, residence
from bqbatch.session import Session
from bqbatch.warehouses.bigquery import BigQueryWarehouse
from bqbatch.warehouses.bigquery.inspection import DatasetFacts, Inspection, SourceFacts

_SKEW = 60
"""Seconds: Google takes a token whose times are off by some minutes at most."""
_LONG = 7 * 86_400
"""Seconds: a batch job waits for up to 72 hours and works for 24, and then its answers have to be collected."""
_ON_TABLES = ("get", "getData", "updateData", "update", "delete")


def cloud_checks(session: Session, prompt: CompiledPrompt | None) -> Iterator[Check]:
    """Every check of a target whose rows are in BigQuery; what needs an answer that was refused is left out."""
    target = session.project.target
    warehouse = session.warehouse()
    assert isinstance(warehouse, BigQueryWarehouse)
    inspection = Inspection(warehouse)
    facts = None
    try:
        member = inspection.member()
    except WarehouseError as error:
        yield Check.failed("credentials", error)
        return
    try:
        who = (
            f"none are sent to {target.endpoint}"
            if target.endpoint
            else member.replace(gcloud.NOBODY_KNOWN, "a user's")
        )
        yield Check("credentials", OK, f"{who}; project {target.project} pays")
        facts = inspection.dataset()
        yield from _dataset(target, facts)
    except WarehouseError as error:
        yield Check.failed("dataset", error)
    if facts is not None:
        yield _permissions(inspection, target)
    if target.type == "vertex":
        try:
            session.vertex("gemini", warehouse).reach()
            yield Check("vertex ai", OK, f"answers at {target.location}")
        except BqbatchError as error:
            yield Check.failed("vertex ai", error)
        if facts is not None:
            yield _location(target, facts)
        yield _model(session, prompt)
    if prompt is not None and facts is not None:
        yield from _sources(inspection, prompt)


def _dataset(target: Target, facts: DatasetFacts) -> Iterator[Check]:
    path = target.dataset.path
    yield Check("dataset", OK, f"{path} is in {facts.location}")
    if abs(facts.clock) > _SKEW:
        seen = f"this machine's clock is {abs(facts.clock):,.0f} seconds {'behind' if facts.clock > 0 else 'ahead of'} Google's"
        yield Check("clock", BROKEN, seen, "set it: sudo timedatectl set-ntp true")
    else:
        yield Check("clock", OK, "agrees with Google's")
    if facts.expiration is None:
        yield Check("expiration", OK, f"tables of {path} stay")
    else:
        short = facts.expiration < _LONG
        seen = f"tables of {path} expire after {facts.expiration / 3600:,.0f} hours unless they say otherwise, as bqbatch's do"
        yield Check(
            "expiration", WARNING if short else OK, seen + ("; Vertex AI's answers don't" if short else ""),
            f"bq update --default_table_expiration 0 {path.replace('.', ':', 1)}" if short else None,
        )  # fmt: skip
    if facts.key is None:
        yield Check("encryption", OK, "by Google's own keys")
    else:
        yield Check(
            "encryption", WARNING, f"tables of {path} are encrypted by {facts.key}, which batch prediction does not support",
            "use a dataset without a default key for the target",
        )  # fmt: skip


def _permissions(inspection: Inspection, target: Target) -> Check:
    """By a dry run of what every run makes first, and by what may be done to it where it is there."""
    warehouse, log = inspection.warehouse, target.dataset.log
    try:
        warehouse.dry_run(Ledger(target.dataset, "doctor", "doctor").setup()[0].sql)
        if warehouse.describe(log):
            missing = inspection.missing(log, [f"bigquery.tables.{verb}" for verb in _ON_TABLES])
            if missing:
                hint = gcloud.grant(target.project, missing[0], inspection.member())
                return Check("permissions", BROKEN, f"missing on {log.strip('`')}: {', '.join(missing)}", hint)
    except WarehouseError as error:
        return Check.failed("permissions", error)
    return Check("permissions", OK, f"to query, and to make and change tables of {target.dataset.path}")


def _location(target: Target, facts: DatasetFacts) -> Check:
    wrong = residence(target.location, facts.location)
    if wrong is None:
        return Check("location", OK, f"models at {target.location} may read rows in {facts.location}")
    fails, seen = wrong
    if fails:
        return Check(
            "location", BROKEN, seen, f'location = "{facts.location.lower()}" or "global", or another `dataset`'
        )
    return Check("location", WARNING, seen, 'location = "eu" keeps them in the EU, with models that are served there')


def _model(session: Session, prompt: CompiledPrompt | None) -> Check:
    target = session.project.target
    model = (prompt.settings.model if prompt else None) or target.defaults.model
    if model is None:
        return Check("model", OK, "each prompt names its own: doctor FILE looks at one")
    wrong = advice(model, target.location)
    if wrong:
        return Check("model", WARNING, f"{model} is not known to answer batches at {target.location}", wrong)
    end = MODELS[model].retired if model in MODELS else None
    return Check("model", OK, f"{model} answers batches at {target.location}" + (f", until {end}" if end else ""))


def _sources(inspection: Inspection, prompt: CompiledPrompt) -> Iterator[Check]:
    waiting = [seed.path.name for seed in prompt.seeds if inspection.warehouse.describe(seed.table) is None]
    if waiting:
        yield Check("sources", OK, f"not looked at: the first run loads {', '.join(waiting)}")
        return
    try:
        sources = inspection.sources(prompt.select)
    except WarehouseError as error:
        yield Check.failed("sources", error)
        return
    seen = ", ".join(source.path for source in sources) or "none"
    found = [check for source in sources for check in _source(source)]
    yield from found or [Check("sources", OK, f"{seen}: may be read, without policy tags or row access policies")]


def _source(source: SourceFacts) -> Iterator[Check]:
    if source.tagged:
        yield Check(
            "sources", WARNING, f"{source.path} has policy tags on {', '.join(source.tagged)}",
            "what the prompt reads of them is copied without the tags: leave them out, or restrict the target's dataset",
        )  # fmt: skip
    if source.secured:
        yield Check(
            "sources", WARNING, f"{source.path} has row access policies",
            "a run sees the rows that its account may see, and copies them without the policies",
        )  # fmt: skip
    if source.secured is None:
        yield Check(
            "sources", WARNING, f"{source.path}: this account may not see if it has row access policies",
            "a run sees the rows that its account may see",
        )  # fmt: skip
