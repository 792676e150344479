"""A run rehearsed: in a scratch dataset beside the real one, from which it only reads.

Everything that a run does is done, by the same code; only the model is made up. What is left is for looking at: it expires
within a day where tables do, and the next rehearsal of the prompt drops it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bqbatch import sqlfiles
from bqbatch.names import Dataset, PromptObjects, run_of
from bqbatch.run.script import LABEL, Script
from bqbatch.warehouses import Statement, Warehouse

_DAYS = 1


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The stage of one rehearsal, whose run is `script`."""

    warehouse: Warehouse
    script: Script

    def open(self) -> None:
        """Makes the scratch dataset where it is not there: it is where the real one is."""
        sql = f"CREATE SCHEMA IF NOT EXISTS `{self.script.dataset.path}`\nOPTIONS (default_table_expiration_days = {_DAYS})"
        self.warehouse.execute(self.script.ledger.statement("rehearsal", sql))

    def clear(self) -> None:
        """Drops what an earlier rehearsal of the prompt left, and copies the real answers. The prompt is claimed."""
        self.warehouse.execute(*self._drops(), self._forget())
        real = PromptObjects(self.script.dataset.real, self.script.prompt).answers
        there = self.warehouse.describe(real)
        if there and there.labels.get(LABEL) == self.script.prompt:
            select = sqlfiles.render("rehearsal/answers", answers=real)
            self.warehouse.execute(self.script.create("copy", self.script.objects.answers, select))

    def _drops(self) -> Iterator[Statement]:
        name, dataset, ledger = self.script.objects, self.script.dataset, self.script.ledger
        made = dict.fromkeys((name.errors, name.usage, name.view), "VIEW")
        made |= dict.fromkeys((name.rows, name.answers, name.keys), "TABLE")
        log = sqlfiles.render("rehearsal/runs", log=dataset.log)
        runs = {row["run_id"] for row in self.warehouse.read(log, {"prompt": self.script.prompt})}
        made |= {dataset.of(table): "TABLE" for table in self.warehouse.list_tables(dataset) if run_of(table) in runs}
        for number, (table, kind) in enumerate(made.items()):
            yield ledger.statement(f"clear_{number}", f"DROP {kind} IF EXISTS {table}")

    def _forget(self) -> Statement:
        sql = sqlfiles.render("rehearsal/forget", log=self.script.dataset.log)
        return self.script.ledger.statement("forget", sql, prompt=self.script.prompt)


def past_of(warehouse: Warehouse, dataset: Dataset) -> dict[str, str]:
    """`jobs` and `runs`, as tables or subqueries: what plans learn from. A rehearsal learns from real runs alone."""
    if not dataset.rehearses:
        return {"jobs": dataset.jobs, "runs": dataset.runs}
    log = dataset.real.log if warehouse.describe(dataset.real.log) else f"(\n{sqlfiles.render('ledger/log')}\n)"
    return {name: f"(\n{sqlfiles.render(f'ledger/{name}', log=log)}\n)" for name in ("jobs", "runs")}
