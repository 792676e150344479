"""What the reading commands ask: a query of the warehouse, and where its errors stand in what the user typed."""

from __future__ import annotations

import contextlib
import difflib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, ProjectError, PromptError, WarehouseError
from bqbatch.names import Dataset, PromptObjects
from bqbatch.prompt.settings import NAME
from bqbatch.prompt.source import File
from bqbatch.run.result import OUTCOMES, parse_outcomes
from bqbatch.run.script import LABEL
from bqbatch.session import Session
from bqbatch.warehouses import Column, Result, Stream, Warehouse


@dataclass(frozen=True, slots=True)
class Query:
    """A query that is asked when its rows are wanted. `typed` is the part of its SQL that the user typed."""

    warehouse: Warehouse
    sql: str
    typed: File | None = None

    def read(self) -> Result:
        """All rows. Raises WarehouseError, with its place in what was typed."""
        with self._placed():
            result = self.warehouse.read(self.sql)
        _check_names(result.columns)
        return result

    @contextlib.contextmanager
    def stream(self) -> Iterator[Stream]:
        """The rows as they come, for as long as the context lasts. Raises as `read` does."""
        with self._placed(), self.warehouse.stream(self.sql) as stream:
            _check_names(stream.columns)
            yield stream

    @contextlib.contextmanager
    def _placed(self) -> Iterator[None]:
        with placed(self.sql, self.typed):
            yield


@contextlib.contextmanager
def placed(sql: str, typed: File | None) -> Iterator[None]:
    """Shows the warehouse's errors in a query at their place in what was typed."""
    try:
        yield
    except WarehouseError as error:
        if typed and error.offset is not None:
            inside = error.offset - sql.find(typed.text)
            error.place = typed.place(inside) if 0 <= inside <= len(typed.text) else typed.place(0)
        raise


def _check_names(columns: tuple[Column, ...]) -> None:
    names = [column.name.lower() for column in columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise WarehouseError(f"two columns are named `{twice}`", "name one of them otherwise with AS")


def show(file: Path, target: str | None, columns: str, where: str, limit: int) -> Query:
    """Rows of a prompt's view: of the columns named with commas between, those that keep a condition."""
    from bqbatch.prompt.select import check_condition

    warehouse, objects = published(file, target)
    there = warehouse.describe(objects.view)
    assert there
    chosen = _columns_of(File("--columns", columns, Path.cwd()), [column.name for column in there.columns])
    typed = File("--where", where, Path.cwd())
    if where:
        check_condition(typed)
        sql = sqlfiles.render("responses/condition", view=objects.view, where=where)
        with placed(sql, typed):
            kind = warehouse.dry_run(sql).columns[0].type
        if kind != "BOOL":
            raise PromptError(f"the condition is {kind}, not BOOL", "compare it: … = …, … IS NOT NULL", typed.place(0))
    sql = sqlfiles.render("responses/show", view=objects.view, columns=chosen, where=where, limit=limit)
    return Query(warehouse, sql, typed if where else None)


def _columns_of(said: File, known: list[str]) -> list[str]:
    chosen: list[str] = []
    start = 0
    for piece in said.text.split(",") if said.text else []:
        name = piece.strip().strip("`")
        found = next((column for column in known if column.lower() == name.lower()), None)
        place = said.place(start + len(piece) - len(piece.lstrip()))
        if found is None:
            near = difflib.get_close_matches(name, known, n=1)
            raise PromptError(
                f"the result has no column `{name}`",
                f"did you mean `{near[0]}`?" if near else f"it has {', '.join(known)}",
                place,
            )
        if found in chosen:
            raise PromptError(f"`{found}` is named twice", "once is enough", place)
        chosen.append(found)
        start += len(piece) + 1
    return chosen


def errors(file: Path, target: str | None, outcome: str, limit: int) -> tuple[Query, Query]:
    """The kinds of error of a prompt's rows, and the rows."""
    wanted = parse_outcomes(outcome, OUTCOMES[1:], "--outcome") if outcome else ()
    warehouse, objects = published(file, target)
    shared = {"errors": objects.errors, "outcomes": sorted(wanted)}
    return (
        Query(warehouse, sqlfiles.render("responses/error_kinds", **shared)),
        Query(warehouse, sqlfiles.render("responses/failed", **shared, limit=limit)),
    )


def query(sql: str, target: str | None) -> Query:
    """A query that the user typed."""
    from bqbatch.prompt.select import check_query

    session = Session.open(Path.cwd(), target)
    file = File("query", sql, Path.cwd())
    check_query(file)
    return Query(session.warehouse(), sql, file)


def status(file: Path | None, target: str | None, limit: int) -> Query:
    """What goes on or waits to be collected, and the latest run of each prompt."""
    session, name = _with_runs(file, target)
    dataset = session.project.target.dataset
    sql = sqlfiles.render("ledger/status", **accounts(dataset), prompt=name, limit=limit)
    return Query(session.warehouse(), sql)


def history(file: Path | None, target: str | None, limit: int) -> Query:
    """The runs, with what they came to."""
    session, name = _with_runs(file, target)
    runs = accounts(session.project.target.dataset)["runs"]
    return Query(session.warehouse(), sqlfiles.render("ledger/history", runs=runs, prompt=name, limit=limit))


def accounts(dataset: Dataset) -> dict[str, str]:
    """`runs` and `jobs` as subqueries of the log: the views in the dataset are those of the version that last ran there."""
    return {name: f"(\n{sqlfiles.render(f'ledger/{name}', log=dataset.log)}\n)" for name in ("runs", "jobs")}


def usage(file: Path | None, target: str | None, by: str, limit: int) -> Query:
    """Tokens and dollars of a prompt, or of all, summed up by run, prompt, model, day or outcome.

    They are those of the answers, so that a run which did not finish has them too.
    """
    session, name = _with_runs(file, target)
    warehouse, dataset = session.warehouse(), session.project.target.dataset
    prompts = [table.removesuffix("__answers") for table in warehouse.list_tables() if table.endswith("__answers")]
    usages = [
        (prompt, f"(\n{sqlfiles.render('usage/usage', answers=PromptObjects(dataset, prompt).answers)}\n)")
        for prompt in prompts
        if name in ("", prompt)
    ]
    if not usages:
        raise ProjectError("nothing was asked here yet", "bqbatch run FILE")
    if by != "run":
        return Query(warehouse, sqlfiles.render("usage/total", usages=usages, by=by, limit=limit))
    total = sqlfiles.render("usage/total", usages=usages, by="run_id", limit=0)
    runs = accounts(dataset)["runs"]
    return Query(warehouse, sqlfiles.render("usage/runs", runs=runs, total=total, prompt=name, limit=limit))


def _with_runs(file: Path | None, target: str | None) -> tuple[Session, str]:
    session = Session.open(file or Path.cwd(), target)
    check_runs(session)
    return session, name_of(session, file) if file else ""


def check_runs(session: Session) -> None:
    """Raises ProjectError where nothing was ever run."""
    if not session.is_begun or not session.warehouse().describe(session.project.target.dataset.runs):
        raise ProjectError("nothing was run here yet", "bqbatch run FILE")


def published(file: Path, target: str | None, name: str = "") -> tuple[Warehouse, PromptObjects]:
    """The warehouse and the objects of a prompt, by its file, or its name. Raises ProjectError where it has no view yet."""
    session = Session.open(file, target)
    objects = PromptObjects(session.project.target.dataset, name or name_of(session, file))
    warehouse = session.warehouse()
    there = warehouse.describe(objects.view) if session.is_begun else None
    if there is None or there.labels.get(LABEL) != objects.prompt:
        raise ProjectError(f"`{objects.prompt}` has no view yet", f"bqbatch run {shlex.quote(str(file))}")
    return warehouse, objects


_NAMED = re.compile(rf"\bconfig\s*\([^)]*?\bname\s*=\s*['\"]({NAME})['\"]")


def name_of(session: Session, file: Path) -> str:
    """The name of a prompt by its file; variables the file needs do not matter for that."""
    if not file.is_file():
        raise PromptError(f"there is no file {file}", "name a prompt by its file, such as reviews/sentiment.sql")
    try:
        return session.compile(file, {}).name
    except BqbatchError:
        said = _NAMED.search(file.read_text("utf-8", "replace"))
        return said[1] if said else file.stem
