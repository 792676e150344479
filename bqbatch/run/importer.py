"""One import: the lines of result files, the exported runs that they answer, and what is stored for each.

The runs are found by the keys, which are hashes of what was asked. An import that is killed is done again: an answer
that is stored is not stored a second time.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import RunError, WarehouseError
from bqbatch.names import Dataset, ImportObjects, PromptObjects, import_of
from bqbatch.run.ledger import WORKING, Claim, Ledger, new_run_id
from bqbatch.run.open_runs import script_of
from bqbatch.run.publisher import Publisher
from bqbatch.run.result import Import, RunImport
from bqbatch.run.script import Script
from bqbatch.run.watcher import Watcher
from bqbatch.services.developer.results import load_lines
from bqbatch.warehouses import Statement, Warehouse

Row = dict[str, Any]
Runs = list[tuple[Script, Row]]
_STALE = timedelta(days=1)
"""How old the tables of an import are that nobody works on any more."""


@dataclass(frozen=True, slots=True)
class Importer:
    """One import into a dataset, with an id of its own."""

    warehouse: Warehouse
    dataset: Dataset
    import_id: str
    watcher: Watcher
    target: str

    @property
    def work(self) -> ImportObjects:
        return ImportObjects(self.dataset, self.import_id)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.dataset, self.import_id, "")

    def bring_home(
        self, files: Sequence[Path], reject: Callable[[str], Path], check: Callable[[Sequence[Script]], None]
    ) -> Import:
        """Reads the lines, finds the runs that they answer, and stores and publishes for each.

        `reject` is given the query for lines that are no results, and says where they are kept; `check` the runs, before
        anything is stored. Raises RunError where no line is an answer to what was exported, and Held while another
        process works on such a prompt.
        """
        try:
            self.watcher.step("reading the files")
            for file in load_lines(self.warehouse, files, self.work.lines):
                self.watcher.note(
                    f"{file} ends, or is damaged, before its gzip ends: what could be read of it is taken"
                )
            with self.warehouse.step():
                self._sweep()
                self.watcher.step("reading the lines")
                lines, results = self.work.lines, self.work.results
                self._execute(
                    self._create("results", results, sqlfiles.render("developer/results", lines=lines)),
                    self._drop(lines),
                )
                rejects = self._reject(reject)
                exported = self._exported()
                touched = self._touched(exported)
                with contextlib.ExitStack() as claims:
                    for prompt in sorted({script.prompt for script, _ in touched}):
                        claims.enter_context(self._claimed(prompt))
                    return self._stored(self._waiting(exported), self._waiting(touched), rejects, check)
        finally:
            with contextlib.suppress(WarehouseError), self.warehouse.step():
                self._execute(*map(self._drop, (self.work.lines, self.work.results, self.work.matches)))

    def _stored(
        self, waiting: Runs, touched: Runs, rejects: Path | None, check: Callable[[Sequence[Script]], None]
    ) -> Import:
        answering = [
            (script.run_id, script.work.queue, later_queues(script, waiting),
             script.objects.answers)
            for script, _ in touched
        ]  # fmt: skip
        jobs: dict[str, list[str]] = {script.run_id: [] for script, _ in touched}
        for turn in itertools.count(1):
            counts = self._match(turn, answering)
            if turn == 1:
                lines = counts["line_count"] - counts["malformed"]
                asked = max((row["line_count"] for _, row in touched), default=0)
                unknown = self._unknown([script.work.queue for script, _ in waiting]) if asked < lines else 0
                self._check(counts, unknown, rejects)
                check([script for script, _ in touched])
                self.watcher.step("storing the answers")
            if counts["matched"]:
                for script, _ in touched:
                    jobs[script.run_id].append(self._collect(script, turn))
            repeated = lines - counts["answered"] - unknown
            if not counts["matched"] or not repeated:
                break
        runs = tuple(self._bring_home(script, row, jobs[script.run_id]) for script, row in touched)
        for script, row in waiting:
            if script.prompt in {run.name for run in runs}:
                self._settle(script, row)
        return Import(counts["line_count"], counts["answered"], repeated, unknown, counts["malformed"], rejects, runs)

    def _match(self, turn: int, answering: Sequence[tuple[Any, ...]]) -> Row:
        """Finds what is to be stored, of several answers for a key one: others are further attempts, and have their turn."""
        results, matches = self.work.results, self.work.matches
        select = sqlfiles.render("developer/matches", results=results, runs=answering, turn=turn)
        if turn == 1:
            self._execute(self._create("matches", matches, select))
        else:
            self._execute(self.ledger.statement(f"matches_{turn}", f"INSERT INTO {matches}\n{select}"))
        sql = sqlfiles.render("developer/counts", results=results, matches=matches, turn=turn)
        [counts] = self.warehouse.read(sql)
        return counts

    def _collect(self, script: Script, turn: int) -> str:
        """Appends what a run is answered to its prompt's answers, as a job of the run; returns that job's name."""
        sql = sqlfiles.render("developer/attempt", answers=script.objects.answers, run_id=script.run_id)
        [number] = self.warehouse.read(sql)
        matched = sqlfiles.render(
            "developer/matched", results=self.work.results, matches=self.work.matches, run_id=script.run_id, turn=turn
        )
        job = replace(script.job(attempt=number["attempt"]), requests=script.work.queue, responses=f"(\n{matched}\n)")
        self._execute(script.collect(job, complete=False, by=self.import_id))
        return job.name

    def _bring_home(self, script: Script, row: Row, jobs: Sequence[str]) -> RunImport:
        """Publishes a run's rows if they are not, nor newer ones, and ends it once all is answered."""
        name = script.objects
        imported = sqlfiles.render("developer/imported", answers=name.answers, run_id=script.run_id, jobs=jobs)
        outcomes = self.warehouse.read(imported)
        unanswered = self._unanswered(script, row)
        publisher = Publisher(self.warehouse, self.watcher, self.target)
        # The working rows go when they are published, and newer ones stay.
        if self.warehouse.describe(script.work.rows) and not self._is_outdated(script):
            publisher.show(script)
        used: Row
        if unanswered:
            sql = sqlfiles.render("usage/run", answers=name.answers, run_id=script.run_id, job=None)
            [used] = self.warehouse.read(sql)
            event = script.ledger.event("imported", nth=self.import_id, unanswered=unanswered, **used)
            self._execute(event, script.drop_rows())
        else:
            result = publisher.finish(script, row["requests"] or 0)
            used = {name: getattr(result, name) for name in ("input_tokens", "output_tokens", "cost_usd")}
        return RunImport(
            script.run_id, script.prompt, script.model, {each["outcome"]: each["requests"] for each in outcomes},
            unanswered, row["refused"], used["input_tokens"], used["output_tokens"], used["cost_usd"],
            name.view.strip("`"),
        )  # fmt: skip

    def _is_outdated(self, script: Script) -> bool:
        """Whether a later run has published its rows."""
        sql = sqlfiles.render("developer/published", keys=script.objects.keys, run_id=script.run_id)
        [newer] = self.warehouse.read(sql)
        return bool(newer["published"])

    def _settle(self, script: Script, row: Row) -> None:
        """Ends an exported run that is still there, and whose every request was answered by a later one."""
        if self.warehouse.describe(script.work.queue) and not self._unanswered(script, row):
            over = script.ledger.event("settled", by=self.import_id)
            self._execute(script.drop_rows(), script.drop_queue(), over)

    def _unanswered(self, script: Script, row: Row) -> int:
        sql = sqlfiles.render(
            "developer/unanswered", queue=script.work.queue, answers=script.objects.answers, run_id=script.run_id
        )
        [left] = self.warehouse.read(sql)
        return max(0, int(left["unanswered"]) - int(row["refused"]))

    def _exported(self) -> Runs:
        """The exported runs of the dataset that may still get answers, oldest first; those without a queue are ended."""
        runs = sqlfiles.render("ledger/runs", log=self.dataset.log)  # the view may be an older version's
        sql = sqlfiles.render("ledger/exported", runs=f"(\n{runs}\n)")
        found = [(script_of(self.dataset, row["prompt"], row), row) for row in self.warehouse.read(sql)]
        waiting = self._waiting(found)
        for script, row in found:
            if (script, row) not in waiting:
                self._execute(script.ledger.event("settled", by=self.import_id))
        return waiting

    def _waiting(self, runs: Runs) -> Runs:
        """Those that still have a queue: one that is ended has none."""
        tables = {self.dataset.of(table) for table in self.warehouse.list_tables()}
        return [(script, row) for script, row in runs if script.work.queue in tables]

    def _touched(self, exported: Runs) -> Runs:
        """Those that some line answers, with how many do."""
        if not exported:
            return []
        queues = [(script.run_id, script.work.queue) for script, _ in exported]
        found = self.warehouse.read(sqlfiles.render("developer/found", results=self.work.results, runs=queues))
        lines = {row["run_id"]: row for row in found}
        return [(script, row | lines[script.run_id]) for script, row in exported if script.run_id in lines]

    def _unknown(self, queues: Sequence[str]) -> int:
        """How many lines nobody waits for; tells of the first."""
        ending = "__answers"
        prompts = [table.removesuffix(ending) for table in self.warehouse.list_tables() if table.endswith(ending)]
        unknown = sqlfiles.render(
            "developer/unknown", results=self.work.results, queues=queues, limit=1,
            answers=[PromptObjects(self.dataset, prompt).answers for prompt in prompts],
        )  # fmt: skip
        found = list(self.warehouse.read(unknown))
        if not found:
            return 0
        [line] = found
        number = int(line["wrong"])
        self.watcher.note(
            f"{number:,} {'line has a key' if number == 1 else 'lines have keys'} that no export waits for, such as "
            f"{line['file']}:{line['number']}, {line['key'][:64]}: `bqbatch export` of the same rows gives the same keys"
        )
        return number

    def _reject(self, reject: Callable[[str], Path]) -> Path | None:
        """The file where lines are kept that are no results, if there are any; tells of the first."""
        results = self.work.results
        found = list(self.warehouse.read(sqlfiles.render("developer/rejected", results=results, limit=3)))
        if not found:
            return None
        kept, number = reject(sqlfiles.render("developer/rejects", results=results)), found[0]["wrong"]
        for line in found:
            self.watcher.note(f"{line['file']}:{line['number']}: {line['reason']}")
        self.watcher.note(f"{number:,} {'line is' if number == 1 else 'lines are'} no result, and kept in {kept}")
        return kept

    def _check(self, counts: Row, unknown: int, rejects: Path | None) -> None:
        """Raises RunError where nothing is brought home, and nothing was before."""
        lines, malformed = counts["line_count"], counts["malformed"]
        if lines == 0:
            raise RunError("the files have no lines", "name the files that the batch left when it ended")
        if malformed == lines:
            raise RunError(f"no line of these files is a result, of {lines:,}", f"why, line by line, is in {rejects}")
        if malformed + unknown == lines:
            raise RunError(
                f"no line answers a request that was exported from {self.dataset.path}",
                "`bqbatch export` of the same rows gives the same keys again; was it another --target, or another project?",
            )

    @contextlib.contextmanager
    def _claimed(self, prompt: str) -> Iterator[None]:
        objects = PromptObjects(self.dataset, prompt)
        claim = Claim(self.warehouse, objects, Ledger(self.dataset, new_run_id(), prompt))
        claim.take()
        try:
            yield
        finally:
            claim.release()

    def _sweep(self) -> None:
        """Drops the tables of imports that were killed."""
        before = f"{datetime.now(UTC) - _STALE:%Y%m%d_%H%M%S}"
        stale = [table for table in self.warehouse.list_tables() if (import_of(table) or before) < before]
        self._execute(*(self._drop(self.dataset.of(table)) for table in stale))

    def _create(self, step: str, table: str, select: str) -> Statement:
        return self.ledger.statement(step, f"CREATE TABLE {table}\nOPTIONS ({WORKING}) AS\n{select}")

    def _drop(self, table: str) -> Statement:
        step = f"drop_{table.strip('`').rpartition('.')[2]}"
        return self.ledger.statement(step, f"DROP TABLE IF EXISTS {table}")

    def _execute(self, *statements: Statement) -> None:
        if statements:
            self.warehouse.execute(*statements)


def later_queues(script: Script, waiting: Sequence[tuple[Script, Row]]) -> list[str]:
    """What later exports of the same prompt ask: an answer that both wait for is the later one's."""
    return [other.work.queue for other, _ in waiting if other.prompt == script.prompt and other.run_id > script.run_id]
