"""What the commands do, without a word printed."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import ProjectError, PromptError, RunError
from bqbatch.money import DEFAULT_MAX_COST, parse_max_cost
from bqbatch.names import PromptObjects, is_ours
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.prompt.macros import SEED_FORMATS
from bqbatch.run.planner import Planner
from bqbatch.run.result import Detached, FailOn, RunResult, parse_retry
from bqbatch.run.runner import Runner
from bqbatch.run.script import LABEL, Script
from bqbatch.screen import Screen
from bqbatch.services import BatchService
from bqbatch.session import Session
from bqbatch.warehouses import Warehouse

LOADED = "bqbatch_load"


def run_prompts(
    files: tuple[Path, ...], target: str | None, model: str | None, variables: Mapping[str, str], simulate: str | None,
    limit: int, full_refresh: bool, fail_on: str | None, *, allow_partial: bool, quiet: bool,
    finished: Callable[[RunResult | Detached, Path], None], retry: str = "", max_output_tokens: int | None = None,
    detach: bool = False, max_cost: str | None = None, rehearse: bool = False,
) -> list[RunResult | Detached]:  # fmt: skip
    """The results of running prompt files, one after the other, each after those it refers to; `finished` is told each.

    All files are compiled before the first is run. `retry` names outcomes that are asked again, with commas between;
    `max_output_tokens` takes the place of the cap the prompts set, and `max_cost` (USD) of the project's. With `rehearse`
    the model is made up and the dataset is a scratch one. Raises
    RowsNotOk at the end if `fail_on` finds its rows, and OverCap after the first that stopped at its cap.
    """
    cap = parse_max_cost(max_cost) if max_cost is not None else None
    rule = FailOn.parse(fail_on) if fail_on is not None else None
    again = parse_retry(retry) if retry else ()
    if rehearse and detach:
        raise RunError("a rehearsal lives in this process, and is soon over", "leave --detach out")
    sessions = [Session.open(file, target, model, simulate) for file in files]
    prompts = [
        session.compile(file, variables, max_output_tokens) for session, file in zip(sessions, files, strict=True)
    ]
    if rehearse:
        together = [prompt.name for prompt in prompts]
        models = [session.rehearsed_model(prompt) for session, prompt in zip(sessions, prompts, strict=True)]
        sessions = [session.rehearsal(model, together) for session, model in zip(sessions, models, strict=True)]
        prompts = [
            session.compile(file, variables, max_output_tokens) for session, file in zip(sessions, files, strict=True)
        ]
    named: dict[tuple[Path, str], Path] = {}
    for session, file, prompt in zip(sessions, files, prompts, strict=True):
        objects = PromptObjects(session.project.target.dataset, prompt.name)
        other = named.setdefault((session.project.root, objects.view), file)
        if other is not file:
            raise PromptError(
                f"two prompts are named `{prompt.name}`: {other} and {file}",
                "name one of them otherwise: {{ config(name = '…') }}" if other != file else "once is enough",
            )
    results: list[RunResult | Detached] = []
    for session, file, prompt in _in_ref_order(list(zip(sessions, files, prompts, strict=True))):
        with Screen(quiet=quiet) as screen:
            warehouse = session.warehouse()
            service = session.service(prompt, warehouse, screen.note)
            if detach and service.in_process:
                raise RunError("a job on the local target lives in this process", "leave --detach out")
            if rehearse or not service.in_process:
                session.note_thinking(prompt, screen.note)
            planner = Planner(
                session.project, prompt, warehouse, screen, limit, full_refresh, allow_partial,
                session.price(service.model, online=True), again,
            )  # fmt: skip
            price = session.price(service.model, screen.note)
            runner = Runner(
                planner, service, price, cap or prompt.settings.cap or DEFAULT_MAX_COST,
                earlier=functools.partial(_service_of, session, service, warehouse),
            )  # fmt: skip
            result = runner.detach() if detach else runner.run()
        results.append(result)
        finished(result, file)
        if isinstance(result, RunResult):
            result.check_cap(str(file))
    for result in results:
        if rule and isinstance(result, RunResult):
            rule.check(result)
    return results


def _service_of(session: Session, service: BatchService, warehouse: Warehouse, run: Script) -> BatchService:
    """The service of an earlier run: `service`, unless that run was a sample."""
    return session.service_of(run, warehouse) if run.online else service


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


def load_file(file: Path, table: str, target: str | None, *, replace: bool) -> dict[str, Any]:
    """Makes a table of a file and returns what it has come to: `table`, `rows`, `columns`.

    A table that load made is made anew; any other only with `replace`, and one that is bqbatch's own, never.
    """
    session = Session.open(Path.cwd(), target)
    dataset = session.project.target.dataset
    if not re.fullmatch(r"(?:(?:[a-z][a-z0-9-]+\.)?[A-Za-z_]\w*\.)?[A-Za-z_]\w*", table, re.ASCII):
        raise ProjectError(f"`{table}` can't name a table", "dataset.table, such as raw.reviews; or table alone")
    if not file.is_file():
        raise ProjectError(f"there is no file {file}", "name a .csv, .jsonl or .parquet file")
    if file.suffix.lower() not in SEED_FORMATS:
        raise ProjectError(f"{file}: load reads {', '.join(SEED_FORMATS)}", "save it as one of these")
    path = table if "." in table else f"{dataset.path}.{table}"
    schema, _, name = path.rpartition(".")
    warehouse = session.warehouse()
    with warehouse.step():
        there = warehouse.describe(f"`{path}`")
        own = schema.rpartition(".")[2] == dataset.path.rpartition(".")[2] and (
            is_ours(name) or (there and LABEL in there.labels)
        )
        if own or (there and there.is_view):
            what = "is bqbatch's own" if own else "is a view"
            raise ProjectError(f"{path} {what}: it is left alone", "load into a table of another name")
        if there and LOADED not in there.labels and not replace:
            raise ProjectError(f"{path} is there and was not made by load", "--replace takes its place")
        warehouse.replace(file, f"`{path}`", LOADED)
        made = warehouse.describe(f"`{path}`")
        [row] = warehouse.read(sqlfiles.render("usage/size", rows=f"`{path}`"))
    assert made
    return {"table": path, "rows": row["row_count"], "columns": {column.name: column.type for column in made.columns}}
