"""What the commands do, without a word printed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import ProjectError, PromptError, WarehouseError
from bqbatch.names import PromptObjects
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.result import FailOn, RunResult
from bqbatch.run.runner import Runner
from bqbatch.run.script import FREE, UNKNOWN
from bqbatch.screen import Screen
from bqbatch.session import Session
from bqbatch.warehouses import Result


def run_prompts(
    files: tuple[Path, ...], target: str | None, model: str | None, variables: Mapping[str, str], simulate: str | None,
    limit: int, full_refresh: bool, fail_on: str | None, *, allow_partial: bool, quiet: bool,
    finished: Callable[[RunResult, Path], None],
) -> list[RunResult]:  # fmt: skip
    """The results of running prompt files, one after the other, each after those it refers to; `finished` is told each.

    All files are compiled before the first is run. Raises RowsNotOk at the end if `fail_on` finds its rows.
    """
    rule = FailOn.parse(fail_on) if fail_on is not None else None
    sessions = [Session.open(file, target, model, simulate) for file in files]
    prompts = [session.compile(file, variables) for session, file in zip(sessions, files, strict=True)]
    named: dict[tuple[Path, str], Path] = {}
    for session, file, prompt in zip(sessions, files, prompts, strict=True):
        objects = PromptObjects(session.project.target.dataset, prompt.name)
        other = named.setdefault((session.project.root, objects.view), file)
        if other is not file:
            raise PromptError(
                f"two prompts are named `{prompt.name}`: {other} and {file}",
                "name one of them otherwise: {{ config(name = '…') }}" if other != file else "once is enough",
            )
    results: list[RunResult] = []
    for session, file, prompt in _in_ref_order(list(zip(sessions, files, prompts, strict=True))):
        with Screen(quiet=quiet) as screen:
            warehouse = session.warehouse()
            service = session.service(prompt, warehouse, screen.note)
            runner = Runner(session.project, prompt, warehouse, service, screen, limit, full_refresh, allow_partial,
                            FREE if session.project.target.type == "local" else UNKNOWN)  # fmt: skip
            results.append(runner.run())
        finished(results[-1], file)
    for result in results:
        if rule:
            rule.check(result)
    return results


def _in_ref_order(named: list[tuple[Session, Path, CompiledPrompt]]) -> list[tuple[Session, Path, CompiledPrompt]]:
    """The prompts, each after those it refers to. Raises PromptError where they refer to each other in a circle."""
    places = {(session.project.root, prompt.name): index for index, (session, _, prompt) in enumerate(named)}
    upstream = {
        index: [places[at] for ref in prompt.refs if (at := (session.project.root, ref.name)) in places]
        for index, (session, _, prompt) in enumerate(named)
    }
    try:
        return [named[index] for index in TopologicalSorter(upstream).static_order()]
    except CycleError as error:
        first, second = (named[index][2] for index in error.args[1][:2])
        circle = " -> ".join(named[index][2].name for index in error.args[1])
        place = next((ref.place for ref in second.refs if ref.name == first.name), None)
        raise PromptError(f"prompts refer to each other in a circle: {circle}", "break it at one ref", place) from None


def show_rows(file: Path, target: str | None, limit: int) -> Result:
    """Rows of a prompt's view."""
    session = Session.open(file, target)
    objects = PromptObjects(session.project.target.dataset, _name_of(session, file))
    warehouse = session.warehouse()
    if not session.project.warehouse_file.exists() or not warehouse.describe(objects.view):
        raise ProjectError(f"`{objects.prompt}` has no view yet", f"bqbatch run {shlex.quote(str(file))}")
    return warehouse.read(sqlfiles.render("responses/show", view=objects.view, limit=limit))


def query_rows(sql: str, target: str | None) -> Result:
    """The rows of a query; its errors are placed in the query."""
    from bqbatch.prompt.select import check_query
    from bqbatch.prompt.source import File

    session = Session.open(Path.cwd(), target)
    file = File("query", sql, Path.cwd())
    check_query(file)
    try:
        result = session.warehouse().read(sql)
    except WarehouseError as error:
        if error.offset is not None:
            error.place = file.place(error.offset)
        raise
    names = [column.name.lower() for column in result.columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise WarehouseError(f"two columns are named `{twice}`", "name one of them otherwise with AS")
    return result


def status_rows(file: Path | None, target: str | None, limit: int) -> Result:
    """The latest runs."""
    session = Session.open(file or Path.cwd(), target)
    dataset = session.project.target.dataset
    if not session.project.warehouse_file.exists() or not session.warehouse().describe(dataset.runs):
        raise ProjectError("nothing was run here yet", "bqbatch run FILE")
    name = _name_of(session, file) if file else ""
    return session.warehouse().read(sqlfiles.render("ledger/status", runs=dataset.runs, prompt=name, limit=limit))


def _name_of(session: Session, file: Path) -> str:
    """The name of a prompt by its file; variables the file needs do not matter for that."""
    if not file.is_file():
        raise PromptError(f"there is no file {file}", "name a prompt by its file, such as reviews/sentiment.sql")
    try:
        return session.compile(file, {}).name
    except PromptError:
        return file.stem
