"""What can be known of a run before it: its plan, and answers to a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bqbatch.money import DEFAULT_MAX_COST, parse_max_cost
from bqbatch.prompt.compile import CompiledPrompt
from bqbatch.queries import Query
from bqbatch.run.plan import Plan
from bqbatch.run.planner import Planner
from bqbatch.run.runner import Runner
from bqbatch.run.script import Script, new_script
from bqbatch.screen import Screen
from bqbatch.session import Session


def plan_prompt(
    file: Path, target: str | None, model: str | None, variables: Mapping[str, str], simulate: str | None, limit: int,
    full_refresh: bool, *, allow_partial: bool, quiet: bool, max_output_tokens: int | None = None,
) -> Plan:  # fmt: skip
    """What a run would take; nothing is asked."""
    session = Session.open(file, target, model, simulate)
    prompt = session.compile(file, variables, max_output_tokens)
    named = session.planned_model(prompt)
    with Screen(quiet=quiet) as screen:
        planner, script = planned(session, prompt, named, screen, limit, full_refresh, allow_partial=allow_partial)
        return planner.plan_only(script)


def planned(
    session: Session, prompt: CompiledPrompt, model: str, screen: Screen, limit: int, full_refresh: bool, *,
    allow_partial: bool,
) -> tuple[Planner, Script]:  # fmt: skip
    """Who plans a run that no service is asked in, and its script; the screen is told what is to be known of the model."""
    session.note_thinking(prompt, screen.note)
    planner = Planner(
        session.project, prompt, session.warehouse(), screen, limit, full_refresh, allow_partial,
        session.price(model, online=True),
    )  # fmt: skip
    return planner, new_script(session.project, prompt, model, session.price(model, screen.note))


def sample_prompt(
    file: Path, target: str | None, model: str | None, variables: Mapping[str, str], simulate: str | None, size: int,
    *, allow_partial: bool, max_cost: str | None, quiet: bool, show: Callable[[Query], None],
) -> int:  # fmt: skip
    """Asks so many requests now, and gives `show` the query for the answers, while it can be asked.

    Returns how many were asked. Requests that are answered are not among them, and what is answered here no run asks.
    """
    session = Session.open(file, target, model, simulate)
    prompt = session.compile(file, variables)
    cap = (parse_max_cost(max_cost) if max_cost is not None else None) or prompt.settings.cap or DEFAULT_MAX_COST
    with Screen(quiet=quiet) as screen:
        warehouse = session.warehouse()
        online = session.project.target.type != "local"
        answers = session.answering_model(prompt)
        service = session.online(answers, warehouse) if online else session.service(prompt, warehouse, screen.note)
        price = session.price(service.model, screen.note, online=True)
        planner = Planner(
            session.project, prompt, warehouse, screen, allow_partial=allow_partial, online=price, sample=size
        )
        runner = Runner(planner, service, price, cap, online)
        asked = runner.sample(lambda sql: show(Query(warehouse, sql)))
        if asked < size:
            screen.note(
                f"{asked:,} requests were left to ask, and all were asked" if asked else "nothing is left to ask"
            )
    return asked
