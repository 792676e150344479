"""Ways to pay less for a run: what each may save, and what is not known of it. Only `bqbatch plan` looks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from bqbatch import sqlfiles
from bqbatch.money import dollars
from bqbatch.prices import Price, name_of, price_of
from bqbatch.project import Project
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.prompt.lengths import expected_output
from bqbatch.run.plan import Plan, Way
from bqbatch.run.script import Script
from bqbatch.services.models import MODELS, advice, least_cached, less_thinking, thinking_problem
from bqbatch.warehouses import Warehouse

_CHEAPER = 2
"""How many cheaper models are named."""
_STEP = 128
_TOO_WIDE = 3
"""A cap of so many times what is enough is worth a word; what is enough is a multiple of `_STEP`."""
_MUCH = 100
"""Tokens of text behind the varying one that are worth moving."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Looks for ways to pay less for what a plan asks; `form` is the column that says what a row asks."""

    project: Project
    prompt: CompiledPrompt
    warehouse: Warehouse
    script: Script
    plan: Plan
    form: str

    @property
    def price(self) -> Price:
        return self.script.price

    def found(self) -> tuple[Way, ...]:
        """The ways, best first, then those of unknown worth, and last what is saved already. None where asking is free."""
        if self.price.is_free:
            return ()
        ahead: list[Way] = []
        if self.plan.to_ask:
            ahead = [*self._cheaper(), *self._thinking(), *self._requests(), *self._cap(), *self._functions()]
        return (*sorted(ahead, key=_rank), *self._spared())

    def _cheaper(self) -> Iterator[Way]:
        plan, cost = self.plan, self.plan.cost_usd
        if cost is None or plan.model.startswith("projects/"):
            return
        tokens = plan.input_tokens, plan.output_tokens.likely
        for name, price in cheaper_models(self.project, self.prompt, plan.model, tokens, datetime.now(UTC).date()):
            usd = price.usd(*tokens)
            assert usd is not None
            if usd < cost.likely:
                yield Way(
                    "cheaper_model", cost.likely - usd,
                    f"the same tokens cost {dollars(usd)} with {name}; how good its answers are is not known: bqbatch sample tells",
                )  # fmt: skip

    def _thinking(self) -> Iterator[Way]:
        """By the thoughts of the answers so far, or by a guess."""
        plan, settings = self.plan, self.prompt.settings
        less = less_thinking(plan.model, *settings.thinks)
        if less is None or self.form == "request":
            return
        setting = f"thinking = {less!r}"
        if plan.thoughts is not None:
            if plan.thoughts:
                share = f"{plan.thoughts / plan.output_tokens.likely:.0%}"
                yield Way("less_thinking", self.price.usd(0, plan.thoughts),
                          f"at most: {share} of the output so far are thoughts; {setting} makes them fewer, by how many is not known")  # fmt: skip
            return
        most = plan.most_output_tokens // plan.to_ask
        usual, fewer = (
            expected_output(self.prompt.output, each, plan.model, most).likely
            for each in (settings, replace(settings, thinking=less, request_extra=None))
        )
        if usual > fewer:
            yield Way("less_thinking", self.price.usd(0, int(usual - fewer) * plan.to_ask),
                      f"a guess, without answers: {setting} for {fewer:,} tokens of output a request, not {usual:,}")  # fmt: skip

    def _requests(self) -> Iterator[Way]:
        """Of what requests have in common: their schema, and what a cache may keep."""
        plan = self.plan
        [shared] = self.warehouse.read(sqlfiles.render("plan/shared", queue=self.script.work.queue))
        if shared["schema_tokens"]:
            tokens = round(shared["schema_tokens"] * plan.ratio)
            yield Way("schema", self.price.usd(tokens * plan.to_ask, 0),
                      f"at most: the schema is {tokens:,} tokens of every request; fewer columns, shorter names and descriptions")  # fmt: skip
        least = least_cached(plan.model)
        opening, ending = (round(shared[name] * plan.ratio) for name in ("opening_tokens", "ending_tokens"))
        moved = ending if ending >= _MUCH else 0
        if least is None or plan.to_ask < 2 or opening + moved < least:
            return
        tokens = (opening + moved) * (plan.to_ask - 1)
        cached = replace(self.price, input=self.price.cached).usd(tokens, 0)
        usual = self.price.usd(tokens, 0)
        usd = usual - cached if usual is not None and cached is not None else None
        if usd is None or usd > 0:
            begin = f"requests begin with the same {opening:,} tokens"
            move = (
                f" and, if the {moved:,} that all end with stood before the first column, {moved:,} more"
                if moved
                else ""
            )
            yield Way("shared_prefix", usd,
                      f"at most, if all of it comes from the cache each time: {begin}{move}; {least:,} are needed")  # fmt: skip

    def _cap(self) -> Iterator[Way]:
        """What answers showed to be enough; it changes the worst case only."""
        plan = self.plan
        if plan.longest is None or self.form == "request":
            return
        cap = -(-2 * max(1, plan.longest) // _STEP) * _STEP
        spare = plan.most_output_tokens - cap * plan.to_ask
        if plan.most_output_tokens < _TOO_WIDE * cap * plan.to_ask:
            return
        usd = self.price.usd(0, spare)
        worst = (
            f"from {dollars(plan.worst_usd)} to {dollars(plan.worst_usd - usd)}"
            if plan.worst_usd is not None and usd is not None
            else f"by {spare:,} tokens of output"
        )
        yield Way(
            "output_cap", Decimal(0),
            f"of what is likely, but the worst case falls {worst}: max_output_tokens = {cap}, twice the longest of {plan.samples:,} answers",
        )  # fmt: skip

    def _functions(self) -> Iterator[Way]:
        """What BigQuery answers itself, its model distilled from a few answers: …/bigquery/docs/optimize-ai-functions (2026)."""
        output = self.prompt.output
        if self.project.target.type != "vertex" or self.form != "prompt" or len(output) != 1 or output[0].array:
            return
        function = "AI.CLASSIFY" if output[0].enum else "AI.IF" if output[0].type == "BOOL" else None
        if function:
            yield Way(
                "bigquery_function", None,
                f"{function} in a query of BigQuery's own does plain labels; with embeddings it asks a model about few of the rows",
            )  # fmt: skip

    def _spared(self) -> Iterator[Way]:
        """What is saved already."""
        plan, names = self.plan, self.script
        [spared] = self.warehouse.read(
            sqlfiles.render("plan/spared", rows=names.work.rows, queue=names.work.queue, answers=names.objects.answers)
        )
        if requests := spared["answered_requests"]:
            usd = self.price.usd(spared["answered_input_tokens"], spared["answered_output_tokens"])
            yield Way("answers", usd, f"saved already: {_many(requests, 'request')} answered before, for {_many(spared['answered_rows'], 'row')}")  # fmt: skip
        if rows := spared["shared_rows"]:
            output = round(Decimal(rows * plan.output_tokens.likely) / plan.to_ask)
            usd = self.price.usd(round(spared["shared_input_tokens"] * plan.ratio), output)
            yield Way("duplicates", usd, f"saved already: {_many(rows, 'row')} with the request of another, asked once")


def cheaper_models(
    project: Project, prompt: CompiledPrompt, model: str, tokens: tuple[int, int], today: date
) -> list[tuple[str, Price]]:
    """The cheapest other Gemini models for tokens of input and output, with their prices of that day.

    They are served where the target is, and take the prompt's thinking settings.
    """
    target = project.target
    service = "vertex" if target.type == "local" else target.type
    thinks = prompt.settings.thinks
    others = {
        name: price
        for name in MODELS
        if name_of(name) != name_of(model) and not advice(name, target.location, today) and not thinking_problem(name, *thinks)
        if (price := price_of(name, service, today, project.prices))
    }  # fmt: skip
    return sorted(others.items(), key=lambda other: other[1].usd(*tokens) or 0)[:_CHEAPER]


def _rank(way: Way) -> tuple[int, Decimal]:
    usd = way.saves_usd
    return (1 if usd is None else 0 if usd else 2, -(usd or Decimal(0)))


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"
