"""One run of one prompt: build, ask, collect, publish.

Kill the process at any point: answers that were stored are never asked again. `resume` brings the run to its end, and
a new run first brings home what earlier ones left behind. Readers are not disturbed: only publish changes what they see.
"""

from __future__ import annotations

import contextlib
import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, Interrupted, OverCap, WarehouseError
from bqbatch.money import DEFAULT_MAX_COST, dollars
from bqbatch.prices import FREE, Price, hint_for
from bqbatch.project import Project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.run.budget import Budget
from bqbatch.run.flight import Flight, Stuck
from bqbatch.run.ledger import Claim
from bqbatch.run.open_runs import OpenRuns, ServiceOf
from bqbatch.run.ownership import check_objects
from bqbatch.run.plan import Plan
from bqbatch.run.planner import Planner
from bqbatch.run.publisher import Publisher
from bqbatch.run.rehearsal import Rehearsal
from bqbatch.run.result import Detached, RunResult
from bqbatch.run.script import Script, new_script
from bqbatch.run.shards import Shards
from bqbatch.run.watcher import Watcher
from bqbatch.services import BatchService
from bqbatch.services.models import MOST_OUTPUT_TOKENS
from bqbatch.warehouses import Warehouse

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs the prompt that a planner plans, on a service, for `max_cost` USD at most.

    `earlier` finds the service of runs that were left open, where it is not the same one. `online` says that the service
    asks one request after the other.
    """

    planner: Planner
    service: BatchService
    price: Price = FREE
    max_cost: Decimal = DEFAULT_MAX_COST
    online: bool = False
    earlier: ServiceOf | None = None

    @property
    def project(self) -> Project:
        return self.planner.project

    @property
    def prompt(self) -> CompiledPrompt:
        return self.planner.prompt

    @property
    def warehouse(self) -> Warehouse:
        return self.planner.warehouse

    @property
    def watcher(self) -> Watcher:
        return self.planner.watcher

    def run(self) -> RunResult:
        """The result of one run. Raises RunError, PromptError or WarehouseError; nothing that was answered is lost.

        Raises OverCap, with nothing asked, where the likely cost is above the cap or no price is known.
        """
        return self._begun(self._to_its_end)

    def detach(self) -> Detached | RunResult:
        """A run that has read its source and sent its first jobs, and goes on without this process.

        One that has nothing to ask ends at once.
        """
        return self._begun(self._sent)

    def sample(self, show: Callable[[str], None]) -> int:
        """Asks the planner's sample now; `show` is given the query for its answers beside what was asked.

        Returns how many requests were asked. Nothing is published, and no answer is asked for a second time. Raises as
        `run` does.
        """
        return self._begun(lambda flight: self._sampled(flight, show))

    def _sampled(self, flight: Flight, show: Callable[[str], None]) -> int:
        flight.fly()
        script, warehouse = flight.script, self.warehouse
        with warehouse.step():
            sampled = sqlfiles.render("responses/sampled", rows=script.work.rows, queue=script.work.queue)
            show(sqlfiles.render(
                "responses/view", rows=f"(\n{sampled}\n)", answers=script.objects.answers, output=script.output,
                run_id=script.run_id,
            ))  # fmt: skip
            [used] = warehouse.read(
                sqlfiles.render("usage/run", answers=script.objects.answers, run_id=script.run_id, job=None)
            )
            warehouse.execute(script.drop_rows(), script.drop_queue(), script.ledger.event("finished", **used))
        if flight.over_cap:
            raise OverCap(
                f"{flight.over_cap:,} requests of the sample might cost more than {dollars(self.max_cost)}: they are not asked",
                "a smaller sample, --max-cost USD, or a smaller max_output_tokens",
            )
        return flight.requests

    def _begun(self, go_on: Callable[[Flight], _T]) -> _T:
        script = new_script(self.project, self.prompt, self.service.model, self.price, online=self.online)
        claim, target = Claim(self.warehouse, script.objects, script.ledger), self.project.target
        rehearsal = Rehearsal(self.warehouse, script) if script.dataset.rehearses else None
        try:
            with self.warehouse.step():
                if rehearsal:
                    rehearsal.open()
                self.warehouse.execute(*script.ledger.setup())
                check_objects(self.project, self.prompt, self.warehouse, script.objects)
                claim.take()
            try:
                if rehearsal:
                    rehearsal.clear()
                elif not self.planner.sample:  # a sample waits for nothing
                    OpenRuns(
                        self.warehouse, self.earlier or (lambda _: self.service), self.watcher, claim, target
                    ).settle()
                with self.warehouse.step():
                    plan = self._build(script)
                budget = Budget.of(target, script.model, self.max_cost, plan.ratio)
                waiting = Shards(script, self.warehouse, budget, plan.to_ask, plan.estimated_input_tokens)
                flight = Flight(script, self.warehouse, self.service, self.watcher, claim, waiting, target.in_flight,
                                Stuck.of(target))  # fmt: skip
                return go_on(flight)
            except BqbatchError as error:
                with contextlib.suppress(WarehouseError):
                    self._give_up(script, error)
                raise
            finally:
                with contextlib.suppress(WarehouseError, KeyboardInterrupt):
                    claim.release()
        except KeyboardInterrupt:
            raise interrupted(self.prompt.path, in_process=self.service.in_process) from None

    def _to_its_end(self, flight: Flight) -> RunResult:
        flight.fly()
        with self.warehouse.step():
            publisher = Publisher(self.warehouse, self.watcher, self.project.target.name)
            return publisher.publish(
                flight.script, flight.requests, left_open=bool(flight.paused), over_cap=flight.over_cap
            )

    def _sent(self, flight: Flight) -> Detached | RunResult:
        if flight.requests:
            flight.release()
        if not flight.requests or flight.over_cap:  # nothing is sent, and nothing will be
            return self._to_its_end(flight)
        sent = tuple(job.name for job in flight.flying)
        script = flight.script
        return Detached(
            script.run_id,
            script.prompt,
            self.project.target.name,
            script.model,
            flight.requests,
            flight.waiting.expected,
            sent,
        )

    def _build(self, script: Script) -> Plan:
        """Runs the source into the working rows and the queue. Raises OverCap where asking would cost too much."""
        plan = self.planner.begin(script, self.max_cost)
        if plan.to_ask:
            rehearsed = " (rehearsed)" if script.dataset.rehearses and plan.cost_usd and plan.cost_usd.high else ""
            self.watcher.note(f"plan: {plan}{rehearsed}")
            self._check_cost(plan)
        return plan

    def _check_cost(self, plan: Plan) -> None:
        """Raises OverCap where the cap can't be held, or would likely be met."""
        rehearse = "--rehearse " if self.project.target.dataset.rehearses else ""
        again = f"bqbatch run {rehearse}{shlex.quote(self.prompt.path)}"
        if plan.cost_usd is None:
            raise OverCap(
                f"the price of {plan.model} is not known, so that no cap can be held: nothing was asked",
                hint_for(plan.model, self.project.prices),
            )
        if plan.cost_usd.likely > self.max_cost:
            raise OverCap(
                f"it would likely cost {dollars(plan.cost_usd.likely)}, and the cap is {dollars(self.max_cost)}: nothing was asked",
                f"{again} --max-cost {math.ceil(plan.cost_usd.high)} allows it; --limit asks a part; bqbatch plan "
                f"{shlex.quote(self.prompt.path)} shows ways to pay less",
            )
        if plan.worst_usd and plan.most_output_tokens >= plan.to_ask * MOST_OUTPUT_TOKENS:
            self.watcher.note(
                f"max_output_tokens is not set: {plan.to_ask:,} answers of up to {MOST_OUTPUT_TOKENS:,} tokens cost "
                f"{dollars(plan.worst_usd)} at the worst"
            )

    def _give_up(self, script: Script, error: BqbatchError) -> None:
        """Logs what went wrong. A run that sent something stays open: `resume` goes on with it."""
        jobs = sqlfiles.render("ledger/shards", jobs=script.dataset.jobs)
        if self.warehouse.read(jobs, {"run_id": script.run_id}).rows:
            self.warehouse.execute(script.ledger.event("halted", message=str(error)))
        else:
            event = script.ledger.event("failed", message=str(error))
            self.warehouse.execute(event, script.drop_rows(), script.drop_queue())


def interrupted(file: str, *, in_process: bool) -> Interrupted:
    """What Ctrl-C comes to: jobs that live in this process stopped with it, others go on."""
    name = shlex.quote(file) if file else ""
    if in_process:
        return Interrupted("stopped; what was answered is stored", f"go on with: bqbatch run {name or 'FILE'}")
    return Interrupted(
        "stopped watching; what was sent goes on, and is paid for",
        f"bqbatch resume {name} waits for the answers, bqbatch cancel {name} ends it and keeps what was answered",
    )
