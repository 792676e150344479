"""What a person sees: the progress bar and notes on stderr, tables and summaries on stdout.

The text of a model is untrusted: whatever is shown goes through `values.printable`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from types import TracebackType
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from bqbatch.manifest import Manifest
from bqbatch.money import dollars
from bqbatch.run.flight import age_text
from bqbatch.run.plan import Plan
from bqbatch.run.result import Detached, Import, RunResult
from bqbatch.values import as_text, printable
from bqbatch.warehouses import Result

_SHORT, _FILES = 14, 5
_STATES = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "broken": ("✗", "red")}
_GOOD = {"ok": "green", "pending": "yellow", "skipped": "yellow"}


class _Notes(logging.Handler):
    """What is logged, as notes."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        self._note(record.getMessage())


class Screen:
    """A `Watcher` on stderr: a bar with counts, rate and time left on a terminal, plain notes elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            console=self._console, transient=True,
        )  # fmt: skip
        self._task: TaskID | None = None
        self._doing = "asking"
        self._log = _Notes(self.note)

    def __enter__(self) -> Screen:
        logging.getLogger("bqbatch").addHandler(self._log)
        if self._console.is_terminal and not self._quiet:
            self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        logging.getLogger("bqbatch").removeHandler(self._log)
        if self._bar.live.is_started:
            self._bar.stop()

    def step(self, text: str) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(text, total=None, rate="")

    def doing(self, text: str) -> None:
        self._doing = text
        if self._task is not None and self._bar.tasks[-1].total is not None:
            self._bar.update(self._task, description=text)

    def progress(self, done: int, total: int) -> None:
        if self._task is None or self._bar.tasks[-1].total != total:
            self.step(self._doing)
            assert self._task is not None
            self._bar.update(self._task, total=total)
        speed = self._bar.tasks[-1].speed
        self._bar.update(self._task, completed=done, rate=f"{speed:,.1f}/s" if speed else "")

    def note(self, text: str) -> None:
        self._console.print(Text(f"note: {printable(text)}"), soft_wrap=True)


def show_error(message: str, hint: str | None) -> None:
    """An error and its hint, on stderr."""
    console = Console(stderr=True, highlight=False)
    console.print(Text.assemble(("error: ", "bold red"), printable(message, keep="\n")), soft_wrap=True)
    if hint:
        console.print(Text.assemble(("hint: ", "bold"), printable(hint, keep="\n")), soft_wrap=True)


def show_result(result: RunResult, next_command: str) -> None:
    """The summary of a run, on stdout."""
    console = Console(highlight=False)
    cost = "price unknown" if result.cost_usd is None else dollars(Decimal(result.cost_usd))
    asked = printable(result.model)
    if result.rehearsal:
        cost += " (rehearsed)"
        asked = f"simulated, for {asked}"
    outcomes = Text(", ").join(
        Text(f"{count:,} {name}", style=_GOOD.get(name, "red")) for name, count in result.outcomes.items()
    )
    lines: list[tuple[str, Text]] = [
        (
            "rows",
            Text.assemble(
                f"{result.rows:,}", " (" if result.outcomes else "", outcomes, ")" if result.outcomes else ""
            ),
        ),
        ("requests", Text(f"{result.requests:,} asked of {asked}, {result.reused:,} rows reused")),
        ("tokens", Text(f"{result.input_tokens:,} in, {result.output_tokens:,} out, {cost}")),
        ("view", Text(result.view)),
        ("next", Text(next_command)),
    ]
    for name, text in lines:
        console.print(Text.assemble((f"{name:>9}  ", "dim"), text), soft_wrap=True)


def show_import(made: Import, next_command: Callable[[str], str]) -> None:
    """What became of the lines of an import, and what each run has of them, on stdout."""
    console = Console(highlight=False)
    parts = {name: getattr(made, name) for name in ("answered", "repeated", "unknown", "malformed")}
    said = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)
    lines = [("lines", f"{made.lines:,} ({said})")]
    for run in made.runs:
        cost = "price unknown" if run.cost_usd is None else dollars(run.cost_usd)
        outcomes = ", ".join(f"{count:,} {name}" for name, count in run.outcomes.items()) or "nothing new"
        rest = f"{run.unanswered:,} requests still unanswered" if run.unanswered else "every request is answered"
        rest += f", {run.refused:,} refused by export" if run.refused else ""
        lines += [
            ("run", f"{run.run_id} of {run.name}"),
            ("answers", f"{outcomes}; {rest}"),
            ("tokens", f"{run.input_tokens:,} in, {run.output_tokens:,} out, {cost}"),
            ("view", run.view),
            ("next", next_command(run.view)),
        ]
    for name, text in lines:
        console.print(Text.assemble((f"{name:>9}  ", "dim"), printable(text)), soft_wrap=True)


def show_plan(plan: Plan, next_command: str) -> None:
    """What a run is expected to take, on stdout: numbers that are not known yet as low, likely and high."""
    console = Console(highlight=False)
    for name, text in plan_lines(plan):
        console.print(Text.assemble((f"{name:>9}  ", "dim"), printable(text)), soft_wrap=True)
    console.print(Text.assemble((f"{'next':>9}  ", "dim"), next_command), soft_wrap=True)


def plan_lines(plan: Plan) -> Iterator[tuple[str, str]]:
    """A plan as lines with a name each."""
    skipped = f", {plan.skipped:,} skipped" if plan.skipped else ""
    yield "rows", f"{plan.rows:,}{skipped}"
    answered = f" of {plan.requests:,} distinct, {plan.answered:,} answered already" if plan.answered else ""
    different = f" of {plan.requests:,} distinct" if plan.requests != plan.to_ask and not answered else ""
    yield "requests", f"{plan.to_ask:,} to ask of {plan.model}{answered}{different}"
    output = plan.output_tokens
    yield "input", f"{plan.input_tokens:,} tokens"
    ground = (
        f"90% by {plan.samples:,} answers" if plan.samples else "by the output columns alone; bqbatch sample asks a few"
    )
    yield "output", f"{output.likely:,} tokens likely, {output.low:,} to {output.high:,} ({ground})"
    cost = plan.cost_usd
    if cost is None:
        yield "cost", "the price is unknown"
    elif cost.high:
        online = f"; online {dollars(plan.online_usd)}" if plan.online_usd is not None else ""
        yield "cost", f"{dollars(cost.likely)} likely, {dollars(cost.low)} to {dollars(cost.high)}{online}"
        yield "at worst", f"{dollars(plan.worst_usd or cost.high)}, if every answer is as long as it may be"
    else:
        yield "cost", "nothing: it is answered on this machine"
    if plan.bytes is not None:
        yield "reads", f"{plan.bytes:,} bytes of the source"
    times = f", about {age_text(plan.seconds)} by what jobs took of late" if plan.seconds is not None else ""
    yield "shards", f"{plan.shards}{times}"
    if plan.turns and plan.enqueued_tokens:
        turns = "1 batch" if plan.turns == 1 else f"{plan.turns:,} batches one after the other"
        aim = "by what jobs took of late" if plan.seconds is not None else "if each takes the day that Google aims at"
        yield "queue", f"{turns}, as {plan.enqueued_tokens:,} tokens may wait at a time: {plan.days:g} days {aim}"
    amounts = ["unknown" if way.saves_usd is None else dollars(way.saves_usd) for way in plan.ways]
    for way, amount in zip(plan.ways, amounts, strict=True):
        yield "pay less", f"{amount:>{max(map(len, amounts))}} {way.note}"


def show_export(made: Manifest, folder: str, next_command: str | None) -> None:
    """What was exported, on stdout, and what there is to do with it, if anything."""
    console = Console(highlight=False)
    for name, text in export_lines(made, folder):
        console.print(Text.assemble((f"{name:>9}  ", "dim"), printable(text)), soft_wrap=True)
    if next_command:
        console.print(Text.assemble((f"{'next':>9}  ", "dim"), next_command), soft_wrap=True)


def export_lines(made: Manifest, folder: str) -> Iterator[tuple[str, str]]:
    """An export as lines with a name each."""
    yield "rows", f"{made.rows:,}" + (f", {made.skipped:,} skipped" if made.skipped else "")
    answered = f", {made.answered:,} answered already" if made.answered else ""
    different = f", of {made.requests:,} distinct" if made.requests != made.exported else ""
    yield "requests", f"{made.exported:,} for {made.model}{different}{answered}"
    if made.refused:
        yield "refused", f"{made.refused:,}: {folder}/refused.jsonl says why"
    for path, requests in made.rewrites.items():
        yield "changed", f"{requests:,} by {path}"
    for shard in made.shards[:_FILES]:
        told = f"{shard.requests:,} requests, {shard.bytes:,} bytes, about {shard.input_tokens:,} tokens"
        yield "file", f"{folder}/{shard.name}: {told}"
    if more := made.shards[_FILES:]:
        yield "files", f"{len(more):,} more: {folder}/manifest.json has them all"


def show_detached(run: Detached, next_command: str) -> None:
    """What a run that goes on by itself has sent, on stdout."""
    console = Console(highlight=False)
    for name, text in (
        ("run", run.run_id),
        (
            "requests",
            f"{run.requests:,} for {printable(run.model)}, in {run.shards} shards, {len(run.jobs)} of them sent",
        ),
        ("next", next_command),
    ):
        console.print(Text.assemble((f"{name:>9}  ", "dim"), text), soft_wrap=True)


def show_table(result: Result, shown: Collection[str] | None = None, file: Any = None) -> None:
    """Rows as a table, on stdout or in a file; of bqbatch's own columns those of `shown`, None for all.

    `_error` is among them where there is one. Short columns keep their width and long texts fold; where it goes to no
    terminal nothing folds.
    """
    console = Console(highlight=False, file=file)
    if not console.is_terminal:
        console.width = 10_000
    kept = [
        index
        for index, column in enumerate(result.columns)
        if shown is None or not column.name.startswith("_") or column.name in shown
        or (column.name == "_error" and any(row[index] for row in result.rows))
    ]  # fmt: skip
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    cells = {i: [as_text(row[i], result.columns[i].type) for row in result.rows] for i in kept}
    for index in kept:
        name, kind = printable(result.columns[index].name), result.columns[index].type
        widest = max(map(len, [name, *cells[index]]))
        table.add_column(
            Text(name), justify="right" if kind in ("INT64", "FLOAT64", "NUMERIC") else "left", overflow="fold",
            no_wrap=widest <= _SHORT, min_width=min(widest, _SHORT),
        )  # fmt: skip
    for number in range(len(result.rows)):
        table.add_row(*(Text(cells[index][number]) for index in kept))
    with console.capture() as captured:
        console.print(table)
    console.file.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def show_comparison(headers: Iterable[str], rows: Iterable[tuple[str, ...]], advice: str) -> None:
    """How Google's two batch services differ, aspect by aspect, and which one fits, on stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    with console.capture() as captured:
        console.print(table)
    console.file.write("\n" + "\n".join(line.rstrip() for line in captured.get().split("\n")))
    console.print(Text(f"which one: {printable(advice)}"), soft_wrap=True)


def show_check(name: str, state: str, seen: str, hint: str | None) -> None:
    """One check of `doctor` in a line, its hint in the next, on stdout."""
    mark, style = _STATES[state]
    console = Console(highlight=False)
    console.print(Text.assemble((mark, style), f" {name:12} {printable(seen)}"), soft_wrap=True)
    if hint:
        console.print(Text(f"  {'':12} {printable(hint)}", "dim"), soft_wrap=True)
