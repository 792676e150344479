"""A project: the folder with `bqbatch.toml`, and the target, dataset and defaults it sets.

target = "local"            # used unless --target says otherwise
dataset = "llm"
model = "smollm2"           # and any other setting of config(…), as a default

[targets.prod]
type = "vertex"
dataset = "my-project.llm"

[[prices]]                  # USD per million tokens, where Google's price is not yours
model = "gemini-3.5-flash"
input = 1.20
output = 7.20
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bqbatch.errors import Place, ProjectError
from bqbatch.names import Dataset
from bqbatch.prices import Line, read_overrides
from bqbatch.prompt.settings import SETTINGS, Settings, problem_with

FILE = "bqbatch.toml"
TYPES = ("local", "vertex", "developer")
_DEFAULTS = tuple(name for name in SETTINGS if name != "name")
_PLACES = ("project", "location", "endpoint")
_FLIGHT = {
    "maximum_bytes_billed": (int, 1, "a number of bytes", "100_000_000_000"),
    "shard_size": (int, 1, "how many requests a job may have, 200,000 at most", "50_000"),
    "in_flight": (int, 1, "how many jobs may be in the air at a time", "4"),
    "pending_hours": ((int, float), 0, "after how many hours of waiting a job is stuck", "24"),
    "running_hours": ((int, float), 0, "after how many hours of running a job is stuck", "24"),
    "tier": (int, 1, "the tier of your account at the Gemini Developer API: 1, 2 or 3", "2"),
    "enqueued_tokens": (int, 1, "how many tokens of input may wait at the Gemini Developer API at a time", "3_000_000"),
}
STUCK = ("warn", "resubmit", "give up")
MOST_REQUESTS = 200_000
"""The most requests of one batch prediction job, by Google's documentation (August 2026)."""
_TIERS = 3
_TARGET_KEYS = ("type", "dataset", "stuck", *_FLIGHT, *_PLACES, *_DEFAULTS)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a prompt runs: its type, its dataset and the settings that hold there.

    On Google Cloud `project` pays, `location` is where Vertex AI runs, `endpoint` is a server of one's own, and
    `maximum_bytes_billed` the most that one query may read. Of the requests of a run, `shard_size` go into one job, and
    `in_flight` jobs are in the air at a time. What waits for more than `pending_hours` or runs for more than
    `running_hours` is `stuck`: `warn` says so, `resubmit` cancels it and asks the rest again, `give up` only cancels it.

    At the Gemini Developer API, `tier` tells how many tokens may wait at a time, and `enqueued_tokens` is for a limit of
    one's own; with a `project` the rows are in BigQuery, else in the embedded warehouse.
    """

    name: str
    type: str
    dataset: Dataset
    defaults: Settings
    project: str = ""
    location: str = "global"
    endpoint: str | None = None
    maximum_bytes_billed: int | None = None
    shard_size: int | None = None
    in_flight: int = 1
    stuck: str = "warn"
    pending_hours: float = 24
    running_hours: float = 24
    tier: int = 1
    enqueued_tokens: int | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether the rows are in the project's own warehouse file."""
        return not self.project


@dataclass(frozen=True, slots=True)
class Project:
    """The project's folder, the target that was chosen, and prices of its own."""

    root: Path
    target: Target
    prices: tuple[Line, ...] = ()

    @property
    def warehouse_file(self) -> Path:
        """The file of the embedded warehouse."""
        return self.root / ".bqbatch" / "warehouse.duckdb"


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds bqbatch.toml, else the current folder."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    return Path.cwd()


def load_project(start: Path, target: str | None = None) -> Project:
    """The project around `start`, with the named target or the default one."""
    root = find_root(start.resolve())
    file = root / FILE
    said: dict[str, Any] = {}
    text = ""
    if file.is_file():
        try:
            text = file.read_text("utf-8")
            said = tomllib.loads(text)
        except OSError as error:
            raise ProjectError(f"can't read {file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ProjectError(f"{file} is not UTF-8", "save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"line (\d+), column (\d+)", str(error))
            place = Place(FILE, int(at[1]), int(at[2])) if at else Place(FILE, 1, 1)
            raise ProjectError(
                f"not TOML: {str(error).split(' (at')[0]}",
                'a text needs quotes, as in model = "simulated"; see https://toml.io',
                place,
            ) from None
    _check_keys(said, ("target", "dataset", "targets", "prices", *_DEFAULTS), text)
    prices = read_overrides(said.get("prices", []), lambda index, key: _place_of_price(text, index, key))
    targets = said.get("targets", {})
    if not isinstance(targets, dict) or not all(isinstance(table, dict) for table in targets.values()):
        raise ProjectError("`targets` holds one table each", "[targets.prod]", _place(text, "targets"))
    name = target or said.get("target", "local")
    if name not in targets and name != "local":
        known = sorted({"local", *targets})
        near = difflib.get_close_matches(str(name), known, n=1)
        raise ProjectError(
            f"there is no target `{name}`",
            f"did you mean `{near[0]}`?"
            if near
            else f"known: {', '.join(known)}; others go into {FILE} as [targets.{name}]",
            None if target else _place(text, "target"),
        )
    table = targets.get(name, {})
    _check_keys(table, _TARGET_KEYS, text)
    kind = table.get("type", "local" if name == "local" else None)
    if kind not in TYPES:
        raise ProjectError(
            f"target `{name}` needs a type" + (f", and `{kind}` is none" if kind else ""),
            f"type = one of {', '.join(TYPES)}",
            _place(text, "type" if kind else str(name)),
        )
    dataset = table.get("dataset", said.get("dataset", "llm"))
    if not isinstance(dataset, str) or not re.fullmatch(r"(?:[a-z][a-z0-9-]+\.)?[A-Za-z_]\w*", dataset, re.ASCII):
        raise ProjectError(f"`{dataset}` can't name a dataset", 'dataset = "llm"', _place(text, "dataset"))
    defaults = {key: value for key in _DEFAULTS if (value := table.get(key, said.get(key))) is not None}
    for key, value in defaults.items():
        if problem := problem_with(key, value):
            raise ProjectError(problem[0].replace("config(", "").replace(")", ""), problem[1], _place(text, key))
    target_ = Target(str(name), str(kind), Dataset(dataset), Settings(**defaults))
    return Project(root, target_ if kind == "local" else _batching(target_, table, text), prices)


def _batching(target: Target, table: Mapping[str, Any], text: str) -> Target:
    """The target with its project and places, and how it sends batches."""
    for key in _PLACES:
        if not isinstance(table.get(key, ""), str):
            raise ProjectError(f"`{key}` takes a text", f'{key} = "…"', _place(text, key))
    for key, (kind, least, what, example) in _FLIGHT.items():
        value = table.get(key, least)
        if not isinstance(value, kind) or isinstance(value, bool) or value < least:  # type: ignore[arg-type]
            raise ProjectError(f"`{key}` takes {what}", f"{key} = {example}", _place(text, key))
    if table.get("shard_size", 1) > MOST_REQUESTS:
        raise ProjectError(f"`shard_size` is {MOST_REQUESTS:,} at most", "Vertex AI takes no more in one job",
                           _place(text, "shard_size"))  # fmt: skip
    if table.get("tier", 1) > _TIERS:
        raise ProjectError(f"`tier` is {_TIERS} at most", "tier = 2", _place(text, "tier"))
    if table.get("stuck", "warn") not in STUCK:
        raise ProjectError(f"`stuck` is one of {', '.join(STUCK)}", 'stuck = "resubmit"', _place(text, "stuck"))
    prefix, _, name = target.dataset.path.rpartition(".")
    project = table.get("project", prefix)
    if not project and target.type == "vertex":
        raise ProjectError(
            f"target `{target.name}` needs a Google Cloud project", 'project = "my-project"', _place(text, target.name)
        )
    dataset = target.dataset if prefix or not project else Dataset(f"{project}.{name}")
    location = table.get("location", "global")
    said = {key: table[key] for key in ("stuck", "endpoint", *_FLIGHT) if key in table}
    return replace(target, dataset=dataset, project=project, location=location,
                   **{"shard_size": MOST_REQUESTS, "in_flight": 4, **said})  # fmt: skip


def _check_keys(table: Mapping[str, Any], known: Iterable[str], text: str) -> None:
    known = list(known)
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise ProjectError(
                f"{FILE} does not know `{key}`",
                f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}",
                _place(text, key),
            )


def _place(text: str, word: str) -> Place:
    found = re.search(rf"^\s*\[?[^\n=]*\b{re.escape(word)}\b", text, re.MULTILINE)
    line = text.count("\n", 0, found.end()) + 1 if found else 1
    return Place(FILE, line, 1)


def _place_of_price(text: str, index: int, key: str) -> Place:
    """The line of a key in the n-th table of `[[prices]]`, else where the table begins."""
    heads = list(re.finditer(r"^\s*\[\[\s*prices\s*\]\]", text, re.MULTILINE))
    if index >= len(heads):
        return _place(text, "prices")
    start = heads[index].end()
    inside = re.compile(r"^\s*\[", re.MULTILINE).split(text[start:], maxsplit=1)[0]
    found = re.search(rf"^[ \t]*[\"']?{re.escape(key)}[\"']?\s*=", inside, re.MULTILINE) if key else None
    return Place(FILE, text.count("\n", 0, start + (found.end() if found else 0)) + 1, 1)
