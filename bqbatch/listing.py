"""The statements of a run as one text of GoogleSQL, for `bqbatch compile`: pure, no warehouse is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bqbatch.prompt.select import NULL_COLUMN
from bqbatch.run.script import DEFAULT_ATTEMPTS, Build, Script
from bqbatch.session import Session

RUN_ID = "00000000_000000_000000"
"""Stands for the id of the run."""


def listing(
    file: Path, target: str | None, model: str | None, variables: Mapping[str, str], simulate: str | None, limit: int,
    full_refresh: bool, *, check: bool, note: Callable[[str], None],
) -> str:  # fmt: skip
    """Every statement of `run`, in order, `;` after each; `note` is told the columns that a check found."""
    session = Session.open(file, target, model, simulate)
    prompt = session.compile(file, variables)
    columns = prompt.columns
    if check:
        from bqbatch.checking import check_prompt

        found = check_prompt(session, prompt)
        shown = (f"{column.name} {column.type}" for column in found if column.name != NULL_COLUMN)
        note(f"GoogleSQL takes it: {', '.join(shown)}")
        columns = columns or tuple(column.name for column in found)
    chosen = session.project.target
    script = Script(
        prompt.name, chosen.dataset, RUN_ID, prompt.output, session.answering_model(prompt),
        prompt.settings.max_attempts or DEFAULT_ATTEMPTS, chosen.shard_size,
    )  # fmt: skip
    session.note_thinking(prompt, note)
    build = Build(prompt, script, columns or ("key", "prompt"), limit, full_refresh)
    return "\n\n".join(f"{sql};" for sql in statements(build))


def statements(build: Build) -> Iterator[str]:
    """The GoogleSQL of a run's statements, for one shard, and of the queries that check it."""
    from bqbatch.run.ledger import Claim

    prompt, script = build.prompt, build.script
    ledger, job = script.ledger, script.job()
    checks = list(script.checks())
    yield from (statement.sql for statement in ledger.setup())
    yield Claim.creation(script.objects, ledger).sql
    yield ledger.event("started").sql
    yield from (statement.sql for statement in script.accounts())
    yield prompt.select
    yield build.rows().sql
    yield from checks[:2]
    yield build.queue().sql
    yield build.counts()
    yield checks[2]
    yield ledger.event("planned").sql
    yield from (statement.sql for statement in script.requests(job))
    yield ledger.event("intended", job.shard, job.attempt).sql
    if script.model == "simulated":
        from bqbatch.services.simulated import answer

        yield answer(job, script.output).sql
    yield ledger.event("submitted", job.shard, job.attempt).sql
    yield checks[3]
    yield script.collect(job, complete=True).sql
    yield checks[4]
    yield ledger.event("collected", job.shard, job.attempt).sql
    yield checks[5]
    yield from (statement.sql for statement in script.drop_job(job))
    yield from (statement.sql for statement in script.publish())
    yield from checks[6:]
    yield from (script.drop_rows().sql, script.drop_queue().sql)
    yield ledger.event("finished").sql
    yield Claim.removal(script.objects, ledger).sql
