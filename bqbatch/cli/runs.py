"""The commands that run prompts, or go on with what was begun."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bqbatch import options
from bqbatch.cli.words import command_line, echo

if TYPE_CHECKING:
    from bqbatch.run.result import Detached, RunResult


@click.command()
@options.files
@options.of_prompts
@options.limit
@options.full_refresh
@options.allow_partial
@options.max_cost
@options.yes
@options.detach
@options.rehearse
@options.fail_on
@options.text_or_json
def run(
    files: tuple[Path, ...], target: str | None, model: str | None, variables: dict[str, str], simulate: str | None,
    limit: int | None, full_refresh: bool, allow_partial: bool, max_cost: str | None, detach: bool,
    rehearse: bool, fail_on: str | None, format_: str,
) -> None:  # fmt: skip
    """Ask the model about every row and publish the answers as a view.

    Only requests that were never answered are asked. A row that fails is data: see the view's _outcome and _error.
    """
    _run(files, format_, target=target, model=model, variables=variables, simulate=simulate, limit=limit or 0,
         full_refresh=full_refresh, allow_partial=allow_partial, max_cost=max_cost, detach=detach, rehearse=rehearse,
         fail_on=fail_on)  # fmt: skip


@click.command()
@options.files
@options.of_prompts
@options.retry
@options.max_output_tokens
@options.limit
@options.allow_partial
@options.max_cost
@options.yes
@options.fail_on
@options.text_or_json
def retry(
    files: tuple[Path, ...], target: str | None, model: str | None, variables: dict[str, str], simulate: str | None,
    retry: str, max_output_tokens: int | None, limit: int | None, allow_partial: bool, max_cost: str | None,
    fail_on: str | None, format_: str,
) -> None:  # fmt: skip
    """Run, and ask again the rows that ended in these outcomes.

    An answer that is ok stays, whatever comes back.
    """
    _run(files, format_, target=target, model=model, variables=variables, simulate=simulate, limit=limit or 0,
         full_refresh=False, allow_partial=allow_partial, max_cost=max_cost, fail_on=fail_on, retry=retry,
         max_output_tokens=max_output_tokens)  # fmt: skip


@click.command()
@options.file
@options.of_prompts
@options.limit
@options.full_refresh
@options.allow_partial
@options.max_output_tokens
@options.text_or_json
def plan(
    file: Path, target: str | None, model: str | None, variables: dict[str, str], simulate: str | None,
    limit: int | None, full_refresh: bool, allow_partial: bool, max_output_tokens: int | None, format_: str,
) -> None:  # fmt: skip
    """Count what a run would ask, and say what it would cost. Nothing is asked.

    The source is read once, and all counting is done in the warehouse. The local target plans for the model that FILE
    names, at its price, although another one answers there.
    """
    from bqbatch.planning import plan_prompt
    from bqbatch.screen import show_plan

    made = plan_prompt(
        file, target, model, variables, simulate, limit or 0, full_refresh, allow_partial=allow_partial,
        quiet=format_ == "json", max_output_tokens=max_output_tokens,
    )  # fmt: skip
    if format_ == "json":
        echo(made.as_json(), format_, "")
    else:
        show_plan(made, command_line("run", str(file)))


@click.command()
@options.file
@options.of_prompts
@options.sample
@options.allow_partial
@options.max_cost
@options.of_rows
def sample(
    file: Path, target: str | None, model: str | None, variables: dict[str, str], simulate: str | None, size: int,
    allow_partial: bool, max_cost: str | None, format_: str, output: Path | None,
) -> None:  # fmt: skip
    """Ask a few rows now, short and long ones, and show the answers beside what was asked.

    They are kept: no run asks them again, and `plan` knows by them what the others will take. On Google Cloud they are
    asked one by one, at the online price.
    """
    from bqbatch import formats
    from bqbatch.planning import sample_prompt

    sample_prompt(
        file, target, model, variables, simulate, size, allow_partial=allow_partial, max_cost=max_cost,
        quiet=format_ != "table",
        show=lambda query: formats.write(query, format_, output, ("_outcome", "_model", "_output_tokens", "_thought_tokens")),
    )  # fmt: skip


@click.command()
@options.maybe_file
@options.target
@options.text_or_json
def resume(file: Path | None, target: str | None, format_: str) -> None:
    """Go on with runs that were begun, here or elsewhere, to their end."""
    from bqbatch import resuming

    _echo_ended(resuming.resume(file, target, quiet=format_ == "json"), format_)


@click.command()
@options.maybe_file
@options.target
@options.text_or_json
def cancel(file: Path | None, target: str | None, format_: str) -> None:
    """Stop the jobs of runs that were begun, keep what was answered, and publish it."""
    from bqbatch import resuming

    _echo_ended(resuming.cancel(file, target, quiet=format_ == "json"), format_)


@click.command()
@options.maybe_file
@options.target
@options.text_or_json
def collect(file: Path | None, target: str | None, format_: str) -> None:
    """Bring home the answers of jobs that are over and that nobody collected; wait for none."""
    from bqbatch import resuming

    jobs = list(resuming.collect(file, target, quiet=format_ == "json"))
    echo(jobs, format_, "\n".join(f"{job['prompt']} {job['job']}: {job['state'].lower()}, {job['what']}" for job in jobs)
         or "nothing waits to be collected")  # fmt: skip


def _run(files: tuple[Path, ...], format_: str, **options: Any) -> None:
    from bqbatch.commands import run_prompts

    finished: list[tuple[RunResult | Detached, Path]] = []
    try:
        run_prompts(files, **options, quiet=format_ == "json",
                    finished=lambda result, file: finished.append((result, file)))  # fmt: skip
    finally:  # where a later prompt fails, or rows do, the results are there all the same
        _echo_results(finished, format_, one=len(files) == 1)


def _echo_ended(results: Iterable[RunResult], format_: str) -> None:
    finished: list[tuple[RunResult | Detached, Path]] = []
    try:
        finished.extend((result, Path(f"{result.name}.sql")) for result in results)
    finally:
        if not finished and format_ == "text":
            click.echo("nothing is under way", err=True)
        elif not finished:
            click.echo("[]")
        _echo_results(finished, format_, one=False)


def _echo_results(finished: list[tuple[RunResult | Detached, Path]], format_: str, *, one: bool) -> None:
    if format_ == "json" and finished:
        made = [result.as_json() for result, _ in finished]
        click.echo(json.dumps(made[0] if one else made, indent=2))
    elif finished:
        from bqbatch.run.result import RunResult
        from bqbatch.screen import show_detached, show_result

        for result, file in finished:
            if isinstance(result, RunResult):
                shown = (
                    ("query", f"SELECT * FROM `{result.view}` LIMIT 20") if result.rehearsal else ("show", str(file))
                )
                show_result(result, command_line(*shown))
            else:
                show_detached(result, command_line("resume", str(file)))


COMMANDS = (plan, sample, run, retry, resume, cancel, collect)
