"""The SQL of bqbatch, as values: every query lives in a file under `sql/`, its path is its name.

A file starts with a comment: what a row is, then its parameters, one `-- name: meaning` each. `render` takes
exactly those. `macros/` holds what several files share.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

from bqbatch.prompt.placeholders import literal

_PARAMETER = re.compile(r"-- (\w+): ")


@functools.cache
def folder() -> Path:
    """Where the files are: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent / "sql"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "sql"


def render(name: str, **parameters: Any) -> str:
    """The SQL of the file `sql/<name>.sql` with these parameters, without its header's parameter list."""
    declared = parameters_of(name)
    assert set(parameters) == set(declared), f"{name} takes {declared}, got {sorted(parameters)}"
    # SQL that is put in, the user's above all, stays as it is written: only the file's own empty lines go.
    put_in = {f"\0{key}\0": value for key, value in parameters.items() if isinstance(value, str) and "\n" in value}
    marked = {key: f"\0{key}\0" if f"\0{key}\0" in put_in else value for key, value in parameters.items()}
    first, *lines = _environment().get_template(f"{name}.sql").render(marked).lstrip("\n").split("\n")
    body = itertools.dropwhile(lambda line: line.startswith("--"), lines)
    text = "\n".join([first, *(line for line in body if line.strip())])
    for mark, value in put_in.items():
        text = text.replace(mark, value)
    return text


def parameters_of(name: str) -> tuple[str, ...]:
    """The parameters that the header of `sql/<name>.sql` declares."""
    header = []
    for line in (folder() / f"{name}.sql").read_text("utf-8").splitlines():
        if not line.startswith("--"):
            break
        header.append(line)
    return tuple(found[1] for line in header[1:] if (found := _PARAMETER.match(line)))


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else literal(str(value))


@functools.cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(folder()), undefined=StrictUndefined, bytecode_cache=_cache())
    environment.filters |= {
        "literal": _literal,
        "tojson_text": lambda value: (
            str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
        ),
        "round_up": math.ceil,
        "round_down": math.floor,
    }
    return environment


def _cache() -> BytecodeCache | None:
    """Compiled templates kept between commands: it takes a third off `bqbatch compile`."""
    try:
        return FileSystemBytecodeCache()
    except (OSError, RuntimeError):
        return None
