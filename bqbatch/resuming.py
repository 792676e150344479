"""Runs that were begun, by whatever machine: what `resume`, `cancel` and `collect` do with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import Held
from bqbatch.names import PromptObjects
from bqbatch.queries import check_runs, name_of
from bqbatch.run.ledger import Claim, Ledger, new_run_id
from bqbatch.run.open_runs import OpenRuns
from bqbatch.run.result import RunResult
from bqbatch.run.runner import interrupted
from bqbatch.screen import Screen
from bqbatch.session import Session


def resume(file: Path | None, target: str | None, *, quiet: bool) -> Iterator[RunResult]:
    """The results of the open runs of a prompt, or of all, each brought to its end.

    Raises Held while another process has one, and OverCap at the end where one stopped at its cap.
    """
    session, results = _session(file, target), list[RunResult]()
    for prompt in _prompts(session, file):
        with Screen(quiet=quiet) as screen, _claimed(_open_runs(session, prompt, screen)) as runs:
            try:
                for result in runs.resume():
                    results.append(result)
                    yield result
            except KeyboardInterrupt:
                raise interrupted(str(file or ""), in_process=session.project.target.type == "local") from None
    for result in results:
        result.check_cap(str(file or f"{result.name}.sql"))


def cancel(file: Path | None, target: str | None, *, quiet: bool) -> Iterator[RunResult]:
    """The results of the open runs of a prompt, or of all, after their jobs were stopped and collected.

    Where another process watches a run, the jobs are stopped and that process collects them.
    """
    session = _session(file, target)
    for prompt in _prompts(session, file):
        with Screen(quiet=quiet) as screen:
            runs = _open_runs(session, prompt, screen)
            try:
                with _claimed(runs):
                    yield from runs.cancel()
            except Held as held:
                if session.project.target.type == "local":
                    held.hint = "its jobs live in that process: Ctrl-C there stops them"
                    raise
                stopped = runs.cancel_jobs()
                screen.note(
                    f"jobs of `{prompt}` cancelled: {len(stopped)}; the process that watches them collects them"
                )


def collect(file: Path | None, target: str | None, *, quiet: bool) -> Iterator[dict[str, str]]:
    """Each job nobody has collected, of a prompt or of all: those that are over are brought home, none is waited for."""
    session = _session(file, target)
    for prompt in _prompts(session, file):
        with Screen(quiet=quiet) as screen, _claimed(_open_runs(session, prompt, screen)) as runs:
            for job, state in runs.collect():
                yield {"prompt": prompt, "job": job.name, "state": state.value,
                       "what": "still at work" if state.moving else "collected"}  # fmt: skip


def _session(file: Path | None, target: str | None) -> Session:
    session = Session.open(file or Path.cwd(), target)
    check_runs(session)
    return session


def _prompts(session: Session, file: Path | None) -> list[str]:
    """The prompts that have something open; `file` names one of them."""
    dataset = session.project.target.dataset
    sql = sqlfiles.render("ledger/open_prompts", runs=dataset.runs, jobs=dataset.jobs)
    found = [row["prompt"] for row in session.warehouse().read(sql)]
    wanted = name_of(session, file) if file else ""
    return [prompt for prompt in found if wanted in ("", prompt)]


def _open_runs(session: Session, prompt: str, screen: Screen) -> OpenRuns:
    target, warehouse = session.project.target, session.warehouse()
    objects = PromptObjects(target.dataset, prompt)
    claim = Claim(warehouse, objects, Ledger(target.dataset, new_run_id(), prompt))
    return OpenRuns(
        warehouse, lambda script: session.service_of(script, warehouse), screen, claim, target,
    )  # fmt: skip


@contextlib.contextmanager
def _claimed(runs: OpenRuns) -> Iterator[OpenRuns]:
    with runs.warehouse.step():
        runs.claim.take()
    try:
        yield runs
    finally:
        runs.claim.release()
