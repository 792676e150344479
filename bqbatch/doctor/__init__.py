"""What `doctor` looks at, one thing after the other, with what mends it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.cleaning import leftovers
from bqbatch.doctor.check import BROKEN, OK, WARNING, Check
from bqbatch.doctor.which import Comparison, comparison
from bqbatch.errors import BqbatchError, ProjectError, ServiceError
from bqbatch.names import PromptObjects
from bqbatch.project import FILE, Project
from bqbatch.run.ledger import alive
from bqbatch.services.models import is_gemini
from bqbatch.session import Session

_LITTLE_DISK = 2**30


def checks(target: str | None, file: Path | None = None, variables: Mapping[str, str] = {}) -> Iterator[Check]:
    """Every check, one after the other, with those of a prompt file; what needs a project is left out where none is read."""
    yield Check("python", OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _packages()
    try:
        session = Session.open(file or Path.cwd(), target)
    except ProjectError as error:
        yield _model()
        yield Check("project", BROKEN, str(error), error.hint)
        return
    project = session.project
    if project.target.type == "local":
        yield _model()
    yield _project(project)
    yield Check("target", OK, f"{project.target.name} ({project.target.type}), dataset {project.target.dataset.path}")
    prompt, reached = None, True
    if file is not None:
        try:
            prompt = session.compile(file, variables)
            yield Check("prompt", OK, f"{file} is a prompt, named {prompt.name}")
        except BqbatchError as error:
            yield Check.failed("prompt", error)
    if project.target.type == "developer":
        from bqbatch.doctor.developer import developer_checks

        yield from developer_checks(session, prompt)
    if not project.target.is_embedded:
        from bqbatch.doctor.cloud import cloud_checks

        for check in cloud_checks(session, prompt):
            yield check
            if (check.name, check.state) in (("credentials", BROKEN), ("dataset", BROKEN)):
                reached = False
        if not reached:
            return
    else:
        yield _disk(project)
    try:
        yield from _warehouse(session)
    except BqbatchError as error:
        yield Check("warehouse", BROKEN, str(error), error.hint)


def which(
    target: str | None, file: Path | None = None, variables: Mapping[str, str] = {}, rows: int | None = None
) -> Comparison | None:
    """Which of Google's two services fits here, and a prompt of so many rows; None where no project can be read."""
    try:
        session = Session.open(file or Path.cwd(), target)
        model, tokens = session.project.target.defaults.model, None
    except BqbatchError:
        return None
    with contextlib.suppress(BqbatchError):
        if file is not None:
            prompt = session.compile(file, variables)
            model = prompt.settings.model
            if session.is_begun:
                runs = session.project.target.dataset.runs
                sql = sqlfiles.render("ledger/planned", runs=runs)
                for row in session.warehouse().read(sql, {"prompt": prompt.name}):
                    rows, tokens = rows or row["row_count"], row["tokens"] and round(row["tokens"])
    return comparison(session.project, model if model and is_gemini(model) else None, rows, tokens)


def _packages() -> Check:
    names = [
        re.match(r"[\w.-]+", line) for line in importlib.metadata.requires("bqbatch") or [] if "extra ==" not in line
    ]
    seen: list[str] = []
    missing: list[str] = []
    for name in (found[0] for found in names if found):
        try:
            seen.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", BROKEN, f"not installed: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Check("packages", OK, ", ".join(seen))


def _model() -> Check:
    from bqbatch.services.llama import SMOLLM2, check_model, model_file

    try:
        file = model_file(None)
        check_model(file)
    except ServiceError as error:
        return Check("local model", WARNING, str(error), f"{error.hint}; --model simulated works without")
    return Check("local model", OK, f"{SMOLLM2} loads ({_megabytes(file.stat().st_size)})")


def _project(project: Project) -> Check:
    if (project.root / FILE).is_file():
        return Check("project", OK, str(project.root / FILE))
    return Check("project", OK, f"{project.root}, without a {FILE}: every setting has its default")


def _disk(project: Project) -> Check:
    free = shutil.disk_usage(project.root).free
    little = free < _LITTLE_DISK
    return Check(
        "disk",
        WARNING if little else OK,
        f"{free / 10**9:,.1f} GB free",
        "make room before a large run" if little else None,
    )


def _warehouse(session: Session) -> Iterator[Check]:
    file, dataset = session.project.warehouse_file, session.project.target.dataset
    if not session.is_begun:
        yield Check("warehouse", OK, f"none yet; the first run makes {file}")
        return
    warehouse = session.warehouse()
    with warehouse.step():
        tables = warehouse.list_tables()
        where = (
            f"{file} opens, {_megabytes(file.stat().st_size)}"
            if session.project.target.is_embedded
            else f"{dataset.path} answers"
        )
        yield Check("warehouse", OK, f"{where}, {len(tables)} tables and views")
        dead: list[str] = []
        live: list[str] = []
        for prompt in (table.removesuffix("__claim") for table in tables if table.endswith("__claim")):
            sql = sqlfiles.render("ledger/holder", claim=PromptObjects(dataset, prompt).claim)
            for holder in warehouse.read(sql):
                (live if alive(holder) and not holder["expired"] else dead).append(prompt)
        if dead:
            yield Check(
                "claims", WARNING, f"of runs that are gone: {', '.join(dead)}", "bqbatch clean, or run them again"
            )
        else:
            yield Check("claims", OK, f"runs under way: {', '.join(live)}" if live else "no run is under way")
        left = leftovers(warehouse, dataset) if warehouse.describe(dataset.runs) else []
    waiting = sorted({one.prompt for one in left if one.uncollected and one.prompt not in live})
    rest = [one for one in left if not one.uncollected and not one.exported and one.prompt not in live]
    exported = sorted({one.prompt for one in left if one.exported})
    if waiting:
        yield Check("leftovers", WARNING, f"answers to collect of {', '.join(waiting)}", "bqbatch run collects them")
    elif rest:
        yield Check("leftovers", WARNING, f"{len(rest)} working tables that nobody needs", "bqbatch clean")
    else:
        waits = f"; exports of {', '.join(exported)} wait for `bqbatch import`" if exported else ""
        yield Check("leftovers", OK, f"nothing is left behind{waits}")


def _megabytes(size: int) -> str:
    return f"{size / 10**6:,.1f} MB"
