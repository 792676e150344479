"""The options of the command line, each declared once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., None]

files = click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
file = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
maybe_file = click.argument("file", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
target = click.option("--target", metavar="NAME", help="Where to run: local, or a target of bqbatch.toml.")
model = click.option("--model", metavar="NAME", help="The model: smollm2, simulated, a .gguf file, or gemini-….")
variables = click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="A value for {{ var('NAME') }}.",
    callback=lambda _context, _option, said: _variables(said),
)  # fmt: skip
simulate = click.option(
    "--simulate", metavar="FAULTS", help='Answer by made-up data, with faults: "429:2%,truncated:1%"; "" for none.'
)
limit = click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Ask at most N requests, the first by key."
)
full_refresh = click.option("--full-refresh", is_flag=True, help="Ask everything again, answered or not.")
allow_partial = click.option(
    "--allow-partial", is_flag=True, help="Build on prompts of ref(…) although rows of theirs have no answer yet."
)
check = click.option("--check", is_flag=True, help="Have GoogleSQL check the SELECT over the tables that are there.")
yes = click.option("--yes", is_flag=True, expose_value=False, help="Never ask before money is spent.")
sure = click.option("--yes", is_flag=True, help="Never ask before anything is dropped or erased.")
sample = click.option(
    "-n", "size", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many requests to ask."
)
max_cost = click.option(
    "--max-cost", metavar="USD", help="What the run may cost at most, worst case and all.  [default: 10]"
)
detach = click.option(
    "--detach", is_flag=True, help="Leave as soon as jobs are sent; `bqbatch resume` brings the answers home."
)
rehearse = click.option(
    "--rehearse", is_flag=True,
    help="Make answers up in place of the model, at its price and limits, in a dataset of their own: nothing is paid.",
)  # fmt: skip
fail_on = click.option("--fail-on", metavar="WHAT", help="Exit 3 if rows end so: any, 5%, or outcomes: failed,missing.")
retry = click.option(
    "--outcome", "retry", required=True, metavar="OUTCOMES", help="Rows to ask again: truncated,failed."
)
max_output_tokens = click.option(
    "--max-output-tokens",
    type=click.IntRange(1, 2**31 - 1),
    metavar="N",
    help="An output cap in place of the prompt's.",
)
outcome = click.option("--outcome", metavar="OUTCOMES", default="", help="Only these: truncated,failed.")
text_or_json = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="How to print the result.",
)  # fmt: skip
rows = click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The most rows to print."
)
shown_rows = click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="The most rows; unless said, 20 in a table and all else."
)
where = click.option("--where", metavar="SQL", default="", help="Only rows for which this condition holds.")
columns = click.option("--columns", metavar="A,B", default="", help="Only these columns, in this order.")
by = click.option(
    "--by", type=click.Choice(["run", "prompt", "model", "day", "outcome"]), default="run", show_default=True,
    help="What is summed up.",
)  # fmt: skip
expected_rows = click.option(
    "--rows", "expected_rows", type=click.IntRange(min=1), metavar="N", help="How many requests are meant to be asked."
)
keys = click.option(
    "--key", "keys", multiple=True, metavar="KEY", help="Erase what is known of this key of FILE instead."
)
exports = click.option(
    "--exports", is_flag=True, help="Drop what exports left, too: answers to them can't be imported any more."
)
folder = click.option(
    "-o", "--output", metavar="DIR", required=True, type=click.Path(path_type=Path, allow_dash=True),
    help="The folder to make, new or empty; - writes one stream to standard output.",
)  # fmt: skip
gzipped = click.option("--gzip", "compress", is_flag=True, help="Compress: requests-00001.jsonl.gz ….")
strict = click.option(
    "--strict", is_flag=True, help="Stop before anything is written if a request can't go to the Developer API."
)
tier = click.option(
    "--tier", type=click.IntRange(1, 3),
    help="The account's tier, which limits the tokens of a file.  [default: the target's, or 1]",
)  # fmt: skip
rejects = click.option(
    "--rejects", metavar="FILE", type=click.Path(path_type=Path),
    help="Where lines that are no results are kept.  [default: beside the first FILE; of a pipe, here]",
)  # fmt: skip
quiet = click.option("--quiet", is_flag=True, help="Show no progress.")
replace = click.option("--replace", is_flag=True, help="Replace a table that load did not make, too.")

_FORMATS = ("table", "csv", "json", "jsonl", "parquet", "markdown")
_SUFFIXES = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".parquet": "parquet", ".md": "markdown"}


def of_prompts(command: Command) -> Command:
    """The options of every command that compiles a prompt to run it."""
    return _all(command, target, model, variables, simulate)


def of_rows(command: Command) -> Command:
    """The options of every command that prints rows; `format_` follows from the name of the file unless it is said."""
    made = click.option("--format", "format_", type=click.Choice(_FORMATS), help="How to write rows.  [default: table]")
    output = click.option(
        "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), is_eager=True,
        help="Write to this file; its ending tells the format: .csv, .parquet, ….",
    )  # fmt: skip

    @functools.wraps(command)
    def formatted(*, format_: str | None, output: Path | None, **options: Any) -> None:
        format_ = format_ or (_SUFFIXES.get(output.suffix.lower()) if output else None) or "table"
        if format_ == "parquet" and output is None:
            raise click.UsageError("--format parquet needs -o FILE")
        command(format_=format_, output=output, **options)

    return _all(formatted, made, output)


def _all(command: Command, *options: Callable[[Command], Command]) -> Command:
    return functools.reduce(lambda made, option: option(made), reversed(options), command)


def _variables(said: tuple[str, ...]) -> dict[str, str]:
    for item in said:
        if not item.partition("=")[1] or not item.partition("=")[0]:
            raise click.BadParameter(f"{item!r} is not NAME=VALUE", param_hint="--var")
    return dict(item.partition("=")[::2] for item in said)
