"""What `clean` takes away: working tables that nobody needs any more, and a person's rows and answers."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.errors import Held, RunError
from bqbatch.names import Dataset, PromptObjects, run_of
from bqbatch.queries import accounts, check_runs, name_of, published
from bqbatch.run.ledger import Claim, Ledger, new_run_id
from bqbatch.session import Session
from bqbatch.warehouses import Warehouse

DROPPED, GOES_ON, UNCOLLECTED = "dropped", "kept: its run goes on", "kept: its answers are not collected yet"
EXPORTING = "kept: its files are being written"
EXPORTED = "kept: it was exported, and answers may come; --exports drops it"


@dataclass(frozen=True, slots=True)
class Leftover:
    """A working table, its run and prompt, whether answers may wait in it that nobody has collected, or files be written."""

    table: str
    run_id: str
    prompt: str
    state: str
    uncollected: bool
    exporting: bool

    @property
    def exported(self) -> bool:
        """Whether answers may be imported that belong to it."""
        return self.state == "exported"


def leftovers(warehouse: Warehouse, dataset: Dataset, prompt: str = "") -> list[Leftover]:
    """The working tables in the dataset, of one prompt or of all, in the order of their prompts."""
    sql = sqlfiles.render("ledger/ended", **accounts(dataset))
    runs = {row["run_id"]: row for row in warehouse.read(sql)}
    found = ((table, runs.get(run_of(table) or "")) for table in warehouse.list_tables())
    made = [
        Leftover(
            table,
            run["run_id"],
            run["prompt"],
            run["state"],
            run["uncollected"] > 0,
            run["exporting"] and not warehouse.exclusive,
        )
        for table, run in found
        if run
    ]
    return sorted((left for left in made if prompt in ("", left.prompt)), key=lambda left: (left.prompt, left.table))


def clean(
    file: Path | None, target: str | None, sure: Callable[[str], object], *, exports: bool = False
) -> list[dict[str, str]]:
    """Drops the working tables of runs that ended and are collected; says of each working table what became of it.

    Those of exported runs go only with `exports`: answers to them can't be imported any more. Each prompt is claimed
    meanwhile, so that no run of it goes on; the claim of a process that is gone is given back.
    In a dataset that others may use too, `sure` is told what will go, and raises if it shall not.
    """
    session = Session.open(file or Path.cwd(), target)
    check_runs(session)
    dataset, warehouse = session.project.target.dataset, session.warehouse()
    name = name_of(session, file) if file else ""
    held = [table.removesuffix("__claim") for table in warehouse.list_tables() if table.endswith("__claim")]
    found = leftovers(warehouse, dataset, name)
    going = [left.table for left in found if not left.uncollected and (exports or not left.exported)]
    if going and not session.project.target.is_embedded:
        sure(f"drop {len(going):,} working tables from {dataset.path}: {', '.join(going)}")
    prompts = {left.prompt for left in found} | {one for one in held if name in ("", one)}
    rows = itertools.chain.from_iterable(
        _clean_prompt(warehouse, dataset, prompt, exports) for prompt in sorted(prompts)
    )
    return [{"table": left.table, "prompt": left.prompt, "run_id": left.run_id, "what": what} for left, what in rows]


def _clean_prompt(warehouse: Warehouse, dataset: Dataset, prompt: str, exports: bool) -> list[tuple[Leftover, str]]:
    try:
        with _claimed(warehouse, PromptObjects(dataset, prompt)) as ledger, warehouse.step():
            found = leftovers(warehouse, dataset, prompt)
            return [(left, _clean_table(warehouse, ledger, left, exports)) for left in found]
    except Held:
        return [(left, GOES_ON) for left in leftovers(warehouse, dataset, prompt)]


def _clean_table(warehouse: Warehouse, ledger: Ledger, left: Leftover, exports: bool = False) -> str:
    if left.uncollected:
        return UNCOLLECTED
    if left.exported and not exports:
        return EXPORTED
    if left.exporting:
        return EXPORTING
    drop = ledger.statement(f"drop_{left.table}", f"DROP TABLE IF EXISTS {ledger.dataset.of(left.table)}")
    over = Ledger(ledger.dataset, left.run_id, left.prompt).event("settled", by=ledger.run_id)
    warehouse.execute(drop, *([over] if left.state in ("open", "exporting", "exported") else []))
    return DROPPED


@contextlib.contextmanager
def _claimed(warehouse: Warehouse, objects: PromptObjects) -> Iterator[Ledger]:
    """The claim of a prompt. Raises Held while a run has it."""
    ledger = Ledger(objects.dataset, new_run_id(), objects.prompt)
    claim = Claim(warehouse, objects, ledger)
    claim.take()
    try:
        yield ledger
    finally:
        claim.release()


def erase(
    file: Path, target: str | None, keys: tuple[str, ...], variables: Mapping[str, str], sure: Callable[[str], object]
) -> dict[str, Any]:
    """Erases keys from a prompt's snapshot and keys, and the answers to requests that only they made.

    `sure` is told what will go, and raises if it shall not. What failed runs of the prompt said goes too, since it may name a row. Returns how much of each went: `rows`, `answers`, `keys`,
    seed tables (the next run loads them anew), and what stays: `shared` answers, which other keys have too, and
    `unpublished` ones, of runs that were stopped before it was written down whose they are. Raises RunError for a key
    that the prompt never had, and while answers that may be its own wait to be collected or imported.
    """
    session = Session.open(file, target)
    prompt = session.compile(file, variables)
    warehouse, name = published(file, target, prompt.name)
    tables = {"rows": name.rows, "keys": name.keys}
    unknown = [row["key"] for row in warehouse.read(sqlfiles.render("erasure/unknown", erase=keys, **tables))]
    if unknown:
        raise RunError(
            f"`{name.prompt}` has no key {', '.join(map(repr, unknown))}; nothing was erased",
            f'keys are written as in: bqbatch query "SELECT key FROM {name.prompt}__keys"',
        )
    count = sqlfiles.render("erasure/counts", erase=keys, answers=name.answers, **tables)
    sure(told("erase", {"name": name.prompt, "erased": list(keys), **next(iter(warehouse.read(count)))}))
    with _claimed(warehouse, name) as ledger, warehouse.step():
        for left in leftovers(warehouse, name.dataset, name.prompt):
            kept = _clean_table(warehouse, ledger, left)
            if kept == UNCOLLECTED:
                raise RunError(
                    f"answers of run {left.run_id} are not collected yet, and may be of these keys; nothing was erased",
                    f"collect them first: bqbatch run {file}",
                )
            if kept == EXPORTED:
                raise RunError(
                    f"run {left.run_id} was exported, and may have these keys; nothing was erased",
                    f"import its answers first, or give them up: bqbatch clean {file} --exports; its files are yours to erase",
                )
            if kept == EXPORTING:
                raise RunError(
                    f"run {left.run_id} is being exported, and may have these keys; nothing was erased",
                    "try again when it is over; what an export left that was killed goes after a day",
                )
        counts = next(iter(warehouse.read(count)))
        starts = tuple(seed.table.strip("`").rpartition(".")[2][:-12] for seed in prompt.seeds)
        seeds = [table for table in warehouse.list_tables() if starts and table[:-12] in starts]
        warehouse.execute(
            ledger.statement("erase_answers", sqlfiles.render("erasure/answers", erase=keys, answers=name.answers, **tables)),
            ledger.statement("erase_rows", sqlfiles.render("erasure/rows", erase=keys, rows=name.rows)),
            ledger.statement("erase_keys", sqlfiles.render("erasure/keys", erase=keys, keys=name.keys)),
            ledger.statement("erase_messages", sqlfiles.render("erasure/messages", log=name.dataset.log, prompt=name.prompt)),
            *(ledger.statement(f"erase_{seed}", f"DROP TABLE IF EXISTS {name.dataset.of(seed)}") for seed in seeds),
        )  # fmt: skip
    return {"name": name.prompt, "erased": list(keys), **counts, "seed_tables": len(seeds)}


def told(verb: str, counts: Mapping[str, Any]) -> str:
    """What is erased, and what is not, in a sentence."""
    rows, answers, shared, unpublished = (
        f"{counts[name]:,} {what}{'' if counts[name] == 1 else 's'}"
        for name, what in (("rows", "row"), ("answers", "answer"), ("shared", "answer"), ("unpublished", "answer"))
    )
    kept = f"; kept: {shared} that other keys share" if counts["shared"] else ""
    kept += f"; kept: {unpublished} of runs that did not end, nobody knows whose" if counts["unpublished"] else ""
    return f"{verb} {', '.join(map(repr, counts['erased']))} from `{counts['name']}`: {rows}, {answers}{kept}"
