"""The commands of files that go to another service, and come from it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from bqbatch import options
from bqbatch.cli.words import command_line, echo


@click.command()
@options.file
@options.folder
@options.gzipped
@options.target
@options.model
@options.variables
@options.limit
@options.full_refresh
@options.allow_partial
@options.max_output_tokens
@options.tier
@options.strict
@options.text_or_json
def export(
    file: Path, output: Path, compress: bool, target: str | None, model: str | None, variables: dict[str, str],
    limit: int | None, full_refresh: bool, allow_partial: bool, max_output_tokens: int | None, tier: int | None,
    strict: bool, format_: str,
) -> None:  # fmt: skip
    """Write what a run would ask to JSONL files, for batches of the Gemini Developer API. Nothing is asked.

    The answers come back with `bqbatch import`. Requests that were answered are not among them.
    """
    from bqbatch.exporting import export_prompt

    streams = str(output) == "-"
    if streams and format_ == "json":
        raise click.UsageError("-o - writes the requests to standard output: there is no place for --format json")
    with _standard_output() if streams else contextlib.nullcontext(output) as out:
        made = export_prompt(
            file, out, target, model, variables, limit or 0, full_refresh, tier=tier, compress=compress, strict=strict,
            allow_partial=allow_partial, quiet=format_ == "json", max_output_tokens=max_output_tokens,
        )  # fmt: skip
    if format_ == "json":
        echo(made.as_json(), format_, "")
    elif not streams:
        from bqbatch.screen import show_export

        home = command_line("import", "RESULTS.jsonl") if made.exported else None
        show_export(made, str(output), home or (command_line("show", str(file)) if made.answered else None))


@click.command(name="import")
@options.files
@options.target
@options.rejects
@options.quiet
@options.text_or_json
def import_(files: tuple[Path, ...], target: str | None, rejects: Path | None, quiet: bool, format_: str) -> None:
    """Bring home the answers in result files of a batch, to the prompts that were exported.

    The prompts are found by the keys. A FILE has JSON lines, gzip or not, of the Gemini Developer API or, in Cloud Storage,
    of Vertex AI; of a folder its .jsonl files are taken; - is standard input. Importing twice changes nothing.
    """
    from bqbatch.importing import import_files
    from bqbatch.screen import show_import

    named = tuple(Path("/dev/stdin") if str(file) == "-" else file for file in files)
    made = import_files(named, target, rejects, quiet=quiet or format_ == "json")
    if format_ == "json":
        echo(made.as_json(), format_, "")
    else:
        show_import(made, lambda view: command_line("query", f"SELECT * FROM `{view}` LIMIT 20"))


@contextlib.contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    """Standard output for bytes. Raises ProjectError where it is closed or takes no more, unless its reader has gone."""
    from bqbatch.errors import ProjectError

    if sys.stdout is None:
        raise ProjectError("standard output is closed", "-o FOLDER")
    try:
        yield sys.stdout.buffer
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again when it ends
        raise ProjectError(f"can't write to standard output: {error.strerror}", "-o FOLDER on another disk") from None


COMMANDS = (export, import_)
