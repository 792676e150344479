"""What several commands print."""

from __future__ import annotations

import shlex
from typing import Any

import click


def command_line(*words: str, folder: str | None = None) -> str:
    """A command to type, in the folder that -C named or in this one."""
    folder = folder or click.get_current_context().find_root().params.get("folder")
    return shlex.join(["bqbatch", *(["-C", folder] if folder else []), *words])


def echo(made: Any, format_: str, text: str) -> None:
    from bqbatch.values import as_json, printable

    click.echo(as_json(made) if format_ == "json" else printable(text, keep="\n"))
