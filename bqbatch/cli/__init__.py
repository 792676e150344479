"""The command line: a command is options, one call, one echo. Only click is imported before one runs."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

import click

from bqbatch import __version__, options
from bqbatch.cli import files, runs
from bqbatch.cli.words import command_line, echo


class _Commands(click.Group):
    """Prints our errors with their hint and nothing else; a traceback is always a defect."""

    def invoke(self, ctx: click.Context) -> Any:
        if sys.stdout is None:
            _fill()
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()  # a pipe that closed is met here, and not when Python ends
            return result
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            sys.exit(130)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except Exception as error:
            from bqbatch.errors import BqbatchError

            if not isinstance(error, BqbatchError):
                raise
            from bqbatch.screen import show_error

            show_error(str(error), error.hint)
            sys.exit(error.exit_code)


def _fill() -> None:
    """Leads the standard streams that are closed nowhere: the next file would take their place, and what libraries print."""
    while (made := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(made, True)
    os.close(made)


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


for command in (*runs.COMMANDS, *files.COMMANDS):
    main.add_command(command)


@main.command()
@options.file
@options.of_prompts
@options.limit
@options.full_refresh
@options.check
def compile(
    file: Path, target: str | None, model: str | None, variables: dict[str, str], simulate: str | None,
    limit: int | None, full_refresh: bool, check: bool,
) -> None:  # fmt: skip
    """Print every statement of a run, in order, as GoogleSQL."""
    from bqbatch.listing import listing

    click.echo(listing(file, target, model, variables, simulate, limit or 0, full_refresh, check=check,
                       note=lambda text: click.echo(f"note: {text}", err=True)))  # fmt: skip


@main.command()
@options.file
@options.target
@options.where
@options.columns
@options.shown_rows
@options.of_rows
def show(
    file: Path, target: str | None, where: str, columns: str, limit: int | None, format_: str, output: Path | None
) -> None:
    """Print rows of a prompt's view, the first by key."""
    from bqbatch import formats, queries

    query = queries.show(file, target, columns, where, _limit(limit, format_))
    formats.write(query, format_, output, None if columns else ("_outcome", "_model"))


@main.command()
@options.file
@options.target
@options.outcome
@options.shown_rows
@options.of_rows
def errors(file: Path, target: str | None, outcome: str, limit: int | None, format_: str, output: Path | None) -> None:
    """Print the rows that are not ok and why; as a table, the kinds of error first."""
    from bqbatch import formats, queries

    kinds, rows = queries.errors(file, target, outcome, _limit(limit, format_))
    if format_ == "table" and output is None:
        formats.write(kinds, format_, output)
        click.echo()
    formats.write(rows, format_, output, ("_outcome", "_error", "_text"))


def _limit(said: int | None, format_: str) -> int:
    """The most rows, 0 for all."""
    return said or (20 if format_ == "table" else 0)


@main.command()
@click.argument("sql")
@options.target
@options.of_rows
def query(sql: str, target: str | None, format_: str, output: Path | None) -> None:
    """Print the rows of a GoogleSQL query; `-` reads it from standard input.

    Names resolve in the dataset: SELECT sentiment, COUNT(*) FROM sentiment GROUP BY 1
    """
    from bqbatch import formats, queries

    if sql == "-":
        sql = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    formats.write(queries.query(sql, target), format_, output)


@main.command()
@options.maybe_file
@options.target
@options.rows
@options.of_rows
def status(file: Path | None, target: str | None, limit: int, format_: str, output: Path | None) -> None:
    """Print what goes on or waits to be collected, and each prompt's latest run."""
    from bqbatch import formats, queries

    formats.write(queries.status(file, target, limit), format_, output)


@main.command()
@options.maybe_file
@options.target
@options.rows
@options.of_rows
def history(file: Path | None, target: str | None, limit: int, format_: str, output: Path | None) -> None:
    """Print the runs, of one prompt or of all, and what each came to."""
    from bqbatch import formats, queries

    formats.write(queries.history(file, target, limit), format_, output)


@main.command()
@options.maybe_file
@options.target
@options.by
@options.shown_rows
@options.of_rows
def usage(file: Path | None, target: str | None, by: str, limit: int | None, format_: str, output: Path | None) -> None:
    """Print tokens and dollars: of a prompt or of all, and what was spent on rows that are not ok."""
    from bqbatch import formats, queries

    formats.write(queries.usage(file, target, by, _limit(limit, format_)), format_, output)


@main.command()
@options.file
@click.argument("table")
@options.target
@options.replace
@options.text_or_json
def load(file: Path, table: str, target: str | None, replace: bool, format_: str) -> None:
    """Make a table of a CSV, JSONL or Parquet file.

    A table that load made before is replaced; a query sees the old one or the new one.
    """
    from bqbatch.commands import load_file

    made = load_file(file, table, target, replace=replace)
    echo(made, format_, f"{made['table']}: {made['rows']:,} rows, {len(made['columns'])} columns")


@main.command()
@options.maybe_file
@options.target
@options.keys
@options.exports
@options.variables
@options.sure
@options.text_or_json
def clean(
    file: Path | None, target: str | None, keys: tuple[str, ...], exports: bool, variables: dict[str, str], yes: bool,
    format_: str,
) -> None:  # fmt: skip
    """Drop the working tables that runs left behind; with --key, erase a person.

    Working tables of a run that goes on, whose answers nobody collected, or that was exported, stay.
    """
    from bqbatch import cleaning

    if not keys:
        tables = cleaning.clean(file, target, lambda what: yes or _sure(what), exports=exports)
        echo(tables, format_, "\n".join(f"{one['table']}: {one['what']}" for one in tables) or "nothing is left behind")
    elif file is None:
        raise click.UsageError("--key needs the FILE of the prompt")
    else:
        erased = cleaning.erase(file, target, keys, variables, lambda what: yes or _sure(what))
        echo(erased, format_, cleaning.told("erased", erased))


def _sure(what: str) -> bool:
    """Whether the user says yes; without a terminal nobody can, which is an error."""
    if not sys.stdin.isatty():
        from bqbatch.errors import RunError

        raise RunError(f"{what}: nobody is here to ask", "--yes does it without asking")
    return click.confirm(f"{what}?", abort=True, err=True)


@main.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a first project: settings, a few rows, and a prompt that runs at once."""
    from bqbatch.starter import init

    for file in init(folder):
        click.echo(file)
    elsewhere = click.get_current_context().find_root().params.get("folder") or "."
    click.echo(
        f"next: {command_line('run', 'sentiment.sql', folder=str(elsewhere / folder) if folder != Path() else None)}"
    )


@main.command()
@options.maybe_file
@options.target
@options.variables
@options.expected_rows
@options.text_or_json
def doctor(
    file: Path | None, target: str | None, variables: dict[str, str], expected_rows: int | None, format_: str
) -> None:
    """Check the setup: packages, the local model, the project, its warehouse.

    On Google Cloud: credentials, dataset, permissions, locations, the model. With a FILE, what that prompt needs and reads.
    Then which of Google's two batch services fits here.
    """
    from bqbatch.doctor import checks, which
    from bqbatch.doctor.check import BROKEN
    from bqbatch.doctor.which import HEADERS
    from bqbatch.screen import show_check, show_comparison

    seen = []
    for check in checks(target, file, variables):
        seen.append(check)
        if format_ == "text":
            show_check(check.name, check.state, check.seen, check.hint)
    compared = which(target, file, variables, expected_rows)
    if format_ == "json":
        echo([*map(dataclasses.asdict, seen), *([compared.as_json()] if compared else [])], format_, "")
    elif compared:
        show_comparison(HEADERS, compared.rows, compared.advice)
    sys.exit(int(any(check.state == BROKEN for check in seen)))
