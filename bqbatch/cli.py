"""The command line: options, one call, one echo. Only click is imported before a command runs."""

from __future__ import annotations

import functools
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bqbatch import __version__

if TYPE_CHECKING:
    from bqbatch.run.result import RunResult

# Each option is declared once.

files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
file_argument = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
target_option = click.option("--target", metavar="NAME", help="Where to run: local, or a target of bqbatch.toml.")
model_option = click.option("--model", metavar="NAME", help="The model: smollm2, simulated, a .gguf file, or gemini-….")
var_option = click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="A value for {{ var('NAME') }}."
)
simulate_option = click.option(
    "--simulate", metavar="FAULTS", help='Answer by made-up data, with faults: "429:2%,truncated:1%"; "" for none.'
)
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Ask at most N requests, the first by key."
)
refresh_option = click.option("--full-refresh", is_flag=True, help="Ask everything again, answered or not.")
partial_option = click.option(
    "--allow-partial", is_flag=True, help="Build on prompts of ref(…) although rows of theirs have no answer yet."
)
# On the local target no money is ever at stake, so that there is nothing to ask.
yes_option = click.option("--yes", is_flag=True, expose_value=False, help="Never ask before money is spent.")
fail_on_option = click.option(
    "--fail-on", metavar="WHAT", help="Exit 3 if rows end so: any, 5%, or outcomes: failed,missing."
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the result.",
)
rows_option = click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The most rows to print."
)


class _Commands(click.Group):
    """Prints our errors with their hint and nothing else; a traceback is always a defect."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            sys.exit(130)
        except BrokenPipeError:
            # What is still buffered would meet the closed pipe once more when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except Exception as error:
            from bqbatch.errors import BqbatchError

            if not isinstance(error, BqbatchError):
                raise
            from bqbatch.screen import show_error

            show_error(str(error), error.hint)
            sys.exit(error.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bqbatch")
@click.option("-C", "folder", metavar="DIR", help="Work in this folder instead of the current one.")
def main(folder: str | None) -> None:
    """Ask a language model about every row of a table, with a query."""
    if folder:
        try:
            os.chdir(folder)
        except OSError as error:
            raise click.UsageError(f"-C {folder}: {error.strerror}") from None


def _variables(said: tuple[str, ...]) -> dict[str, str]:
    for item in said:
        if not item.partition("=")[1] or not item.partition("=")[0]:
            raise click.BadParameter(f"{item!r} is not NAME=VALUE", param_hint="--var")
    return dict(item.partition("=")[::2] for item in said)


def _prompt_options(command: Callable[..., None]) -> Callable[..., None]:
    return functools.reduce(
        lambda made, option: option(made), (simulate_option, var_option, model_option, target_option), command
    )


@main.command()
@files_argument
@_prompt_options
@limit_option
@refresh_option
@partial_option
@yes_option
@fail_on_option
@format_option
def run(
    files: tuple[Path, ...], target: str | None, model: str | None, variables: tuple[str, ...], simulate: str | None,
    limit: int | None, full_refresh: bool, allow_partial: bool, fail_on: str | None, format_: str,
) -> None:  # fmt: skip
    """Ask the model about every row and publish the answers as a view.

    Only requests that were never answered are asked. A row that fails is data: see the view's _outcome and _error.
    """
    from bqbatch.commands import run_prompts

    finished: list[tuple[RunResult, Path]] = []
    try:
        run_prompts(files, target, model, _variables(variables), simulate, limit or 0, full_refresh, fail_on,
                    allow_partial=allow_partial, quiet=format_ == "json", finished=lambda result, file: finished.append((result, file)))  # fmt: skip
    finally:  # where a later prompt fails, or rows do, the results are there all the same
        _echo_results(finished, format_, one=len(files) == 1)


def _echo_results(finished: list[tuple[RunResult, Path]], format_: str, *, one: bool) -> None:
    if format_ == "json" and finished:
        made = [result.as_json() for result, _ in finished]
        click.echo(json.dumps(made[0] if one else made, indent=2))
    elif finished:
        from bqbatch.screen import show_result

        folder = click.get_current_context().find_root().params.get("folder")
        words = ["bqbatch", *(["-C", folder] if folder else []), "show"]
        for result, file in finished:
            show_result(result, shlex.join([*words, str(file)]))


@main.command()
@file_argument
@_prompt_options
@limit_option
@refresh_option
@click.option("--check", is_flag=True, help="Have GoogleSQL check the SELECT over the tables that are there.")
def compile(
    file: Path, target: str | None, model: str | None, variables: tuple[str, ...], simulate: str | None,
    limit: int | None, full_refresh: bool, check: bool,
) -> None:  # fmt: skip
    """Print every statement of a run, in order, as GoogleSQL."""
    from bqbatch.listing import listing

    click.echo(listing(file, target, model, _variables(variables), simulate, limit or 0, full_refresh, check=check,
                       note=lambda text: click.echo(f"note: {text}", err=True)))  # fmt: skip


@main.command()
@file_argument
@target_option
@rows_option
@format_option
def show(file: Path, target: str | None, limit: int, format_: str) -> None:
    """Print rows of a prompt's view, the first by key."""
    from bqbatch.commands import show_rows

    _echo_rows(show_rows(file, target, limit), format_, hide=True)


@main.command()
@click.argument("sql")
@target_option
@format_option
def query(sql: str, target: str | None, format_: str) -> None:
    """Print the rows of a GoogleSQL query; `-` reads it from standard input.

    Names resolve in the dataset: SELECT sentiment, COUNT(*) FROM sentiment GROUP BY 1
    """
    from bqbatch.commands import query_rows

    if sql == "-":
        sql = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    _echo_rows(query_rows(sql, target), format_, hide=False)


@main.command()
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@target_option
@rows_option
@format_option
def status(file: Path | None, target: str | None, limit: int, format_: str) -> None:
    """Print the latest runs, of one prompt or of all, and how far they are."""
    from bqbatch.commands import status_rows

    _echo_rows(status_rows(file, target, limit), format_, hide=False)


def _echo_rows(result: Any, format_: str, *, hide: bool) -> None:
    if format_ == "json":
        from bqbatch.values import as_json, records

        click.echo(as_json(records(result)))
        return
    from bqbatch.screen import show_table

    show_table(result, hide=hide)
