"""`export`: what a run would ask, as JSONL files for the Developer API's batches, without asking it.

An export is a run of the log. Its rows and its queue stay, and `import` brings the answers back to them.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, cast

from bqbatch import sqlfiles
from bqbatch.errors import Interrupted, RunError, ServiceError, WarehouseError
from bqbatch.jsonl import Written, write_lines
from bqbatch.manifest import FILE, REFUSED, Manifest, Shard
from bqbatch.output_folder import OutputFolder
from bqbatch.planning import planned
from bqbatch.prices import name_of
from bqbatch.project import Target
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.budget import Budget
from bqbatch.run.ownership import check_objects
from bqbatch.run.plan import Plan
from bqbatch.run.planner import Planner
from bqbatch.run.script import Script
from bqbatch.screen import Screen
from bqbatch.services import Span
from bqbatch.services.developer.rewrite import RULES, Rules, rules_of
from bqbatch.session import Session
from bqbatch.warehouses import Statement

_SHOWN = 3
_AROUND = 120
"""More bytes than the key and the braces around a request take in its line."""


def export_prompt(
    file: Path, out: Path | BinaryIO, target: str | None, model: str | None, variables: Mapping[str, str], limit: int,
    full_refresh: bool, *, tier: int | None, compress: bool, strict: bool, allow_partial: bool, quiet: bool,
    max_output_tokens: int | None = None,
) -> Manifest:  # fmt: skip
    """Writes what a run of the prompt would ask to files in a new folder, or as one stream without a manifest.

    Raises RunError, with nothing written, where a request is refused and `strict` says so; ProjectError for the folder.
    """
    session = Session.open(file, target, model).for_developer(tier)
    prompt = session.compile(file, variables, max_output_tokens)
    named = _model(session, prompt)
    with Screen(quiet=quiet) as screen:
        planner, script = planned(session, prompt, named, screen, limit, full_refresh, allow_partial=allow_partial)
        return Exporter(planner, script, compress, strict).export(out)


def _model(session: Session, prompt: CompiledPrompt) -> str:
    """The model that the requests are for. Raises ServiceError where the Developer API has no such model."""
    named = session.named_model(prompt)
    if not name_of(named).startswith("gemini-") or named.startswith("projects/"):
        raise ServiceError(
            f"the Gemini Developer API has no model `{named}`: which one are the requests for?",
            "--model gemini-3.5-flash-lite, or config(model = 'gemini-…')",
            prompt.written_at(named) if not session.model else None,
        )
    return session.answering_model(prompt)


@dataclass(frozen=True, slots=True)
class Exporter:
    """Exports the run `script` of what a planner plans."""

    planner: Planner
    script: Script
    compress: bool = False
    strict: bool = False

    def export(self, out: Path | BinaryIO) -> Manifest:
        """The manifest of what was written; the run's tables stay for the answers, unless nothing was."""
        planner, script = self.planner, self.script
        warehouse = planner.warehouse
        try:
            with contextlib.ExitStack() as stack:
                folder = stack.enter_context(OutputFolder.opened(out)) if isinstance(out, Path) else None
                stack.enter_context(warehouse.step())
                warehouse.execute(*script.ledger.setup())
                check_objects(planner.project, planner.prompt, warehouse, script.objects)
                try:
                    plan = planner.begin(script, None, export=True)
                    if plan.to_ask:
                        planner.watcher.note(f"plan: {plan}")
                    with warehouse.sparingly():
                        manifest = self._written(plan, folder or cast(BinaryIO, out))
                    # Before the files have their names: whoever has them all can import their answers.
                    warehouse.execute(script.ledger.event("exported", **manifest.as_json()))
                    if not manifest.exported:
                        warehouse.execute(script.drop_rows(), script.drop_queue(), script.ledger.event("settled"))
                    if folder:
                        folder.done()
                except BaseException as error:
                    with contextlib.suppress(WarehouseError):
                        warehouse.execute(*self._ended(error), script.drop_rows(), script.drop_queue())
                    raise
                return manifest
        except KeyboardInterrupt:
            again = f"bqbatch export {shlex.quote(planner.prompt.path)} exports the same keys"
            raise Interrupted("stopped; nothing was exported", again) from None

    def _ended(self, error: BaseException) -> list[Statement]:
        """The events of an export that was stopped, or failed."""
        event = self.script.ledger.event
        if isinstance(error, (KeyboardInterrupt, BrokenPipeError)):
            message = (
                "whoever read standard output stopped reading" if isinstance(error, OSError) else "stopped by Ctrl-C"
            )
            return [event("halted", message=message), event("settled")]
        message = f"can't write: {error.strerror}" if isinstance(error, OSError) else str(error)
        return [event("failed", message=message)]

    def _written(self, plan: Plan, out: OutputFolder | BinaryIO) -> Manifest:
        stretches, too_large = self._stretches(plan) if isinstance(out, OutputFolder) else ([self._all(plan)], {})
        rewrites: dict[str, int] = {}
        refused = len(too_large)
        everything = self._requests(self._all(plan), too_large)
        rules = rules_of(self.planner.warehouse, everything, self._rules)
        if rules.table and plan.to_ask:
            counts = sqlfiles.render("developer/rewritten", requests=everything, rules=rules)
            [row] = self.planner.warehouse.read(counts)
            refused += row["refused"]
            numbered = enumerate(rules.changing, start=1)
            rewrites = {rule.path: row[f"rule_{n}"] for n, rule in numbered if row[f"rule_{n}"]}
        lines = sqlfiles.render("developer/lines", requests=everything, rules=rules)
        if refused:
            listed = "refused.jsonl has them all" if isinstance(out, OutputFolder) else "they are left out"
            self._tell(refused, [*too_large.values(), *self._first_refused(lines, rules)], listed)
        shards: list[Shard] = []
        for nth, span in enumerate(stretches, start=1):
            self.planner.watcher.step(f"writing file {nth} of {len(stretches)}")
            name = f"requests-{len(shards) + 1:05}.jsonl{'.gz' if self.compress else ''}"
            sql = sqlfiles.render("developer/sent", lines=sqlfiles.render(
                "developer/lines", requests=self._requests(span, too_large), rules=rules))  # fmt: skip
            if isinstance(out, OutputFolder):
                with out.file(name) as handle:
                    written = self._stream(sql, handle)
                if not written.lines:  # all of them are refused
                    out.remove(name)
            else:
                written = self._stream(sql, out)
                out.flush()
            if written.lines:
                tokens = round(span.input_tokens * plan.ratio)
                shards.append(Shard(name, written.lines, written.bytes, written.sha256, tokens))
        manifest = Manifest(
            self.script.run_id, plan.name, plan.model, plan.target, self._target.tier, datetime.now(UTC), plan.rows,
            plan.skipped, plan.requests, plan.answered, refused, tuple(shards), rewrites,
        )  # fmt: skip
        if isinstance(out, OutputFolder):
            if refused:
                with out.file(REFUSED) as handle:
                    self._stream(sqlfiles.render("developer/refused", lines=lines, limit=0), handle, compress=False)
                    handle.writelines(map(_line, too_large.values()))
            with out.file(FILE) as handle:
                handle.write(f"{json.dumps(manifest.as_json(), indent=2, ensure_ascii=False)}\n".encode())
        return manifest

    @property
    def _target(self) -> Target:
        return self.planner.project.target

    @property
    def _rules(self) -> Rules:
        prompt = self.planner.prompt
        return Rules.of(prompt.envelope, prompt.form(prompt.columns)) if prompt.columns else RULES

    def _all(self, plan: Plan) -> Span:
        return Span(1, plan.to_ask, plan.to_ask, plan.estimated_input_tokens)

    def _requests(self, span: Span, too_large: Mapping[int, object]) -> str:
        without = [position for position in too_large if span.first <= position <= span.last]
        sql = sqlfiles.render(
            "developer/requests", queue=self.script.work.queue, first=span.first, last=span.last, without=without
        )
        return f"(\n{sql}\n)"

    def _stretches(self, plan: Plan) -> tuple[list[Span], dict[int, dict[str, str]]]:
        """The stretches of the queue that a file takes each, and by position the requests that none can take."""
        script, warehouse = self.script, self.planner.warehouse
        budget = Budget.of(self._target, script.model, Decimal(0), plan.ratio)
        if budget.tokens is None and plan.to_ask:
            self.planner.watcher.note(
                f"how many tokens of {script.model} may be enqueued is not known: files are cut by their size alone"
            )
        found: list[Span] = []
        too_large: dict[int, dict[str, str]] = {}
        first = 1
        while first <= plan.to_ask:
            job = script.job(Span(first, plan.to_ask, plan.to_ask - first + 1))
            [row] = warehouse.read(script.fitting(job, budget.padded, None, budget.tokens, budget.size))
            if row["requests"]:
                found.append(Span(first, row["last"], row["requests"], row["input_tokens"]))
                first = row["last"] + 1
                continue
            [row] = warehouse.read(sqlfiles.render(
                "developer/request", queue=script.work.queue, position=first, ratio=f"{budget.padded:f}"))  # fmt: skip
            too_large[first] = {"key": row["key"], "refused": (
                f"it has {row['bytes']:,} bytes and about {row['input_tokens']:,} tokens, and no batch takes it alone"
                + (f": {script.model} takes {budget.tokens:,} tokens at a time" if budget.tokens else "")
            )}  # fmt: skip
            first += 1
        return found, too_large

    def _first_refused(self, lines: str, rules: Rules) -> Iterator[dict[str, str]]:
        if rules.refusing:
            for row in self.planner.warehouse.read(sqlfiles.render("developer/refused", lines=lines, limit=_SHOWN)):
                yield json.loads(row["line"])

    def _tell(self, refused: int, first: list[dict[str, str]], listed: str) -> None:
        """Notes what is refused, or raises RunError."""
        one = f"{refused:,} {'request' if refused == 1 else 'requests'} can't go to the Developer API"
        shown = [f"{row['key']}: {row['refused']}" for row in first[:_SHOWN]]
        if self.strict:
            more = [f"and {refused - len(shown):,} more"] if refused > len(shown) else []
            raise RunError(
                "\n  ".join([f"--strict: {one}; nothing was written", *shown, *more]),
                "mend the prompt, or leave --strict out: the rest is exported then",
            )
        for text in (f"{one}; {listed}", *shown):
            self.planner.watcher.note(text)

    def _stream(self, sql: str, out: BinaryIO, *, compress: bool | None = None) -> Written:
        with self.planner.warehouse.stream(sql) as stream:
            if not (self.compress if compress is None else compress):
                return write_lines(stream, out)
            tally = _Tally(out)
            with gzip.GzipFile("", "wb", fileobj=cast(BinaryIO, tally), mtime=0) as packed:
                written = write_lines(stream, cast(BinaryIO, packed))
            return Written(written.lines, tally.bytes, tally.digest.hexdigest())


class _Tally:
    """A file to write to that knows how much was written, and the SHA-256 of it."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.bytes, self.digest = out, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.bytes += len(data)
        return self.out.write(data)

    def flush(self) -> None:
        self.out.flush()


def _line(row: Mapping[str, str]) -> bytes:
    return f"{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n".encode()
