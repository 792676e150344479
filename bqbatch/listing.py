"""The statements of a run as one text of GoogleSQL, for `bqbatch compile`: pure, no warehouse is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.prompt.output import OutputColumn
from bqbatch.prompt.select import NULL_COLUMN
from bqbatch.run.script import FREE, Script, collect, drop_job
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
    script = Script(
        prompt, session.project.target.dataset, RUN_ID, columns or ("key", "prompt"),
        session.answering_model(prompt), limit, full_refresh,
    )  # fmt: skip
    return "\n\n".join(f"{sql};" for sql in statements(script, prompt, prompt.output))


def statements(script: Script, prompt: CompiledPrompt, output: tuple[OutputColumn, ...]) -> Iterator[str]:
    """The GoogleSQL of a run's statements and of the queries that check it."""
    from bqbatch.run.ledger import Claim

    ledger, job = script.ledger, script.job()
    place = {"shard": job.shard, "attempt": job.attempt}
    checks = list(script.checks())
    yield from (statement.sql for statement in ledger.setup())
    yield Claim.creation(script.objects, ledger).sql
    yield ledger.event("started").sql
    yield from (statement.sql for statement in script.accounts())
    yield prompt.select
    yield script.build().sql
    yield from checks[:2]
    yield script.requests(job).sql
    yield checks[2]
    yield ledger.event("built").sql
    yield checks[3]
    yield ledger.event("intended", **place).sql
    if script.model == "simulated":
        from bqbatch.services.simulated import answer

        yield answer(job, output).sql
    yield ledger.event("submitted", **place).sql
    yield checks[4]
    yield collect(ledger, job, output, script.model, complete=True, price=FREE).sql
    yield ledger.event("collected", **place).sql
    yield checks[5]
    yield from (statement.sql for statement in drop_job(ledger, job))
    yield from (statement.sql for statement in script.publish())
    yield from checks[6:]
    yield script.drop_rows().sql
    yield ledger.event("finished").sql
    yield Claim.removal(script.objects, ledger).sql
