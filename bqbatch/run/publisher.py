"""The end of a run: the snapshot and the views swapped, the rows counted."""

from __future__ import annotations

from dataclasses import dataclass

from bqbatch import sqlfiles
from bqbatch.errors import RunError
from bqbatch.run.descriptions import descriptions
from bqbatch.run.result import RunResult
from bqbatch.run.script import Script, first
from bqbatch.run.source import key_text
from bqbatch.run.watcher import Watcher
from bqbatch.warehouses import Warehouse


@dataclass(frozen=True, slots=True)
class Publisher:
    """Shows a run's rows to readers, who see the ones before until then."""

    warehouse: Warehouse
    watcher: Watcher
    target: str

    def publish(self, script: Script, asked: int, *, left_open: bool = False, over_cap: int = 0) -> RunResult:
        """The result of a run that asked so many requests; with `left_open` a job of it is still to be collected.

        `over_cap` requests were left because of the run's cap.

        Raises RunError where a row is not once in the view.
        """
        self.show(script)
        return self.finish(script, asked, left_open=left_open, over_cap=over_cap)

    def show(self, script: Script) -> None:
        """Shows the run's rows; what is answered later the view shows by itself."""
        self.watcher.step("publishing")
        name = script.objects
        self.warehouse.execute(*script.publish())
        self.warehouse.set_descriptions(name.view, descriptions(script.output))
        wrong = list(self.warehouse.read(first("row_is_not_once_in_view", rows=name.rows, view=name.view)))
        if wrong:
            raise RunError(
                f"{wrong[0]['wrong']:,} rows are not exactly once in the view, such as key {key_text(wrong[0]['key'])}",
                "this is a defect of bqbatch; the working tables are kept",
            )

    def finish(self, script: Script, asked: int, *, left_open: bool = False, over_cap: int = 0) -> RunResult:
        """The result of a run whose rows are shown; its working tables go."""
        result = self._result(script, asked - over_cap, over_cap)
        self.warehouse.execute(
            script.drop_rows(),
            *(() if left_open else (script.drop_queue(),)),
            script.ledger.event("finished", **result.as_json(), ok=result.outcomes.get("ok", 0), over_cap=over_cap),
        )
        return result

    def _result(self, script: Script, asked: int, over_cap: int) -> RunResult:
        summary = list(self.warehouse.read(
            sqlfiles.render("responses/summary", view=script.objects.view, run_id=script.run_id)))  # fmt: skip
        used = next(iter(self.warehouse.read(
            sqlfiles.render("usage/run", answers=script.objects.answers, run_id=script.run_id, job=None))))  # fmt: skip
        cost = used["cost_usd"]
        if cost is None and used["requests"] == 0:
            cost = 0
        return RunResult(
            run_id=script.run_id,
            name=script.prompt,
            target=self.target,
            model=script.model,
            rows=sum(row["row_count"] for row in summary),
            requests=asked,
            reused=sum(row["reused"] for row in summary),
            outcomes={row["outcome"]: row["row_count"] for row in summary},
            input_tokens=used["input_tokens"],
            output_tokens=used["output_tokens"],
            cost_usd=cost,
            view=script.objects.view.strip("`"),
            over_cap=over_cap,
            rehearsal=bool(script.dataset.rehearses),
        )
