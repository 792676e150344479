"""What a model's tokens cost: `prices.csv` beside this file, a dated line per price, and a project's own lines above it.

Thinking is billed as output. Input that comes from the cache costs `cached`, in a batch too: the two discounts do not
add up. Where a request has more than `above` tokens of input, all of it is at that line's price.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from bqbatch.errors import Place, ProjectError

SERVICES = ("vertex", "developer")
MODALITIES = ("text", "audio")
"""Images and video cost as text does."""
STALE_DAYS = 120
_FILE = Path(__file__).with_suffix(".csv")
_PATH = re.compile(r"^(?:projects/[^/]+/locations/[^/]+/)?(?:publishers/google/)?models/(?=gemini-)")
_VERSION = re.compile(r"(?:-preview(?:-\d\d-\d{2,4})?)?(?:[-@]\d{3})?$")
_MOST = _MILLION = Decimal(1_000_000)
_EXACT = 2**53
_KINDS = ("input", "output", "cached")
_USD = (*_KINDS, "batch_input", "batch_output")
_KEYS = ("model", "service", "modality", "above", *_USD, "from", "until", "source", "looked_up")

At = Callable[[int, str], Place]
"""Where a key of the n-th table of `[[prices]]` stands; of the table itself if the key is not in it."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens; None where no price is known. `looked_up` is when somebody last compared it with its source.

    A request with more than `above` tokens of input is priced by the first of `tiers` that it reaches: the highest is first.
    """

    input: Decimal | None
    output: Decimal | None
    cached: Decimal | None = None
    source: str = ""
    looked_up: dt.date | None = None
    above: int = 0
    tiers: tuple[Price, ...] = ()

    @property
    def is_free(self) -> bool:
        return self.input == 0 == self.output

    def usd(self, input_tokens: int | Decimal, output_tokens: int) -> Decimal | None:
        """What tokens cost at the lowest tier, in USD; None where a price is not known."""
        if self.input is None or self.output is None:
            return None
        return (input_tokens * self.input + output_tokens * self.output) / _MILLION

    def as_json(self) -> dict[str, Any]:
        """What the log keeps of a price: the numbers, as texts."""
        usd = {kind: None if (price := getattr(self, kind)) is None else f"{price:f}" for kind in _KINDS}
        tiers = [tier.as_json() for tier in self.tiers]
        return {**usd, **({"above": self.above} if self.above else {}), **({"tiers": tiers} if tiers else {})}

    @classmethod
    def of_json(cls, text: str | None) -> Price:
        """The price that the log kept; unknown where it kept none."""
        return cls._of(json.loads(text or "null") or {})

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> Price:
        given, made, cached = (None if said.get(kind) is None else Decimal(said[kind]) for kind in _KINDS)
        return cls(given, made, cached, above=said.get("above", 0), tiers=tuple(map(cls._of, said.get("tiers", ()))))


FREE = Price(Decimal(0), Decimal(0))
UNKNOWN = Price(None, None)


@dataclass(frozen=True, slots=True)
class Line:
    """A price of a model from `since` to `until`, both days included; no service means that it is the same on each."""

    model: str
    service: str
    modality: str
    above: int
    input: Decimal
    output: Decimal
    cached: Decimal | None
    batch_input: Decimal
    batch_output: Decimal
    since: dt.date
    until: dt.date
    source: str
    looked_up: dt.date | None

    def overlaps(self, other: Line) -> bool:
        """Whether both say what one thing costs on one day."""
        same = (self.model, self.modality, self.above) == (other.model, other.modality, other.above)
        return (
            same
            and (not self.service or not other.service or self.service == other.service)
            and self.since <= other.until
            and other.since <= self.until
        )

    def price(self, online: bool) -> Price:
        """The price of a batch, or of asking `online`."""
        both = (self.input, self.output) if online else (self.batch_input, self.batch_output)
        return Price(*both, self.cached, self.source, self.looked_up, self.above)


def price_of(
    model: str, service: str, at: dt.date, overrides: Sequence[Line] = (), *, online: bool = False,
    input_tokens: int = 0, modality: str = "text",
) -> Price | None:  # fmt: skip
    """What a model costs on a service that day, in a batch unless `online`, for a request of so much input, and for more.

    A project's own lines come before those of the package. None where neither knows the model: a tuned one, or a new one.
    """
    name = name_of(model)
    known = [
        [
            line
            for line in lines
            if line.model == name and line.service in ("", service) and line.since <= at <= line.until
        ]
        for lines in (overrides, listed())
    ]
    line = _reached(known, modality, input_tokens)
    if line is None:
        return None
    higher = sorted({other.above for lines in known for other in lines if other.above >= input_tokens}, reverse=True)
    reached = [_reached(known, modality, above + 1) for above in higher if above]
    tiers = tuple(dict.fromkeys(tier.price(online) for tier in reached if tier and tier.above > line.above))
    return replace(line.price(online), tiers=tiers)


def _reached(known: Iterable[Sequence[Line]], modality: str, input_tokens: int) -> Line | None:
    """The line for a request of so much input: of the first lines that have one, that of the highest tier."""
    for lines in known:
        for kind in (modality, "text"):
            reached = [
                line for line in lines if line.modality == kind and (line.above < input_tokens or not line.above)
            ]
            if reached:
                return max(reached, key=lambda line: line.above)
    return None


def name_of(model: str) -> str:
    """A model's name without its path, its version and `-preview`; a tuned model keeps its whole name."""
    name = _PATH.sub("", model.strip())
    return _VERSION.sub("", name) if name.startswith("gemini-") else name


def hint_for(model: str, overrides: Sequence[Line] = ()) -> str:
    """What to do about a model that has no price."""
    known = dict.fromkeys(line.model for line in (*overrides, *listed()))
    near = difflib.get_close_matches(name_of(model), known, n=1, cutoff=0.8)
    own = f'[[prices]] in bqbatch.toml, with model = "{model}", input and output, sets it'
    return f"did you mean `{near[0]}`? {own}" if near else own


def note_on_age(model: str, price: Price, today: dt.date) -> str | None:
    """What to say of a price that nobody has looked at for long; None if there is nothing to say."""
    if price.looked_up is None or (days := (today - price.looked_up).days) <= STALE_DAYS:
        return None
    return (
        f"the price of {model} was looked up {days} days ago, on {price.looked_up}: compare it with Google's page; "
        "[[prices]] in bqbatch.toml sets another"
    )


@functools.cache
def listed() -> tuple[Line, ...]:
    """The lines of the package."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            _line({key: _read(key, value) for key, value in row.items() if value}) for row in csv.DictReader(file)
        )


def _read(key: str, value: str) -> Any:
    if key in _USD:
        return Decimal(value)
    if key == "above":
        return int(value)
    return dt.date.fromisoformat(value) if key in ("from", "until", "looked_up") else value


def _line(said: Mapping[str, Any]) -> Line:
    own: dict[str, Any] = {
        "service": "",
        "modality": "text",
        "above": 0,
        "cached": None,
        "batch_input": said["input"] / 2,
        "batch_output": said["output"] / 2,
        "since": said.get("from", dt.date.min),
        "until": dt.date.max,
        "source": "",
        "looked_up": None,
    }
    values = own | {**said, "model": name_of(said["model"])}
    return Line(**{field.name: values[field.name] for field in fields(Line)})


def read_overrides(tables: object, at: At) -> tuple[Line, ...]:
    """The lines of a project's `[[prices]]`. Raises ProjectError, with its place, at what can't be a price.

    `model`, `input` and `output` are needed; a batch costs half unless `batch_input` and `batch_output` say otherwise.
    """
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ProjectError("`prices` holds a table for each price", "write [[prices]], in double brackets", at(0, ""))
    lines: list[Line] = []
    for index, table in enumerate(tables):
        for key, value in table.items():
            if problem := _problem(key, value):
                raise ProjectError(*problem, at(index, key))
        if missing := [key for key in ("model", "input", "output") if key not in table]:
            raise ProjectError(
                f"a price has no `{missing[0]}`",
                'model = "gemini-…", input and output, in USD per million tokens',
                at(index, ""),
            )
        line = _line({key: Decimal(str(value)) if key in _USD else value for key, value in table.items()})
        if line.since > line.until:
            raise ProjectError(f"the price of {line.model} ends before it begins", "from is the first day, until the last",
                               at(index, "until"))  # fmt: skip
        twice = next((number for number, other in enumerate(lines) if line.overlaps(other)), None)
        if twice is not None:
            first = max(line.since, lines[twice].since)
            raise ProjectError(
                f"{line.model} has two prices" + ("" if first == dt.date.min else f" on {first}"),
                f"the other is in line {at(twice, '').line}: end that one with until, or leave one out",
                at(index, ""),
            )
        lines.append(line)
    return tuple(lines)


def _problem(key: str, value: object) -> tuple[str, str] | None:
    """What is wrong with one key of a price as (message, hint), or None."""
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1)
        return f"a price has no `{key}`", f"did you mean `{near[0]}`?" if near else f"known: {', '.join(_KEYS)}"
    if key in _USD:
        hint = f"{key} = 0.30: a number from 0 to 1,000,000 with six decimals at most, and no currency sign"
        return None if _is_usd(value) else (f"`{key}` takes USD per million tokens, not {value!r}", hint)
    if key in ("from", "until", "looked_up"):
        good = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        return None if good else (f"`{key}` takes a day", f"{key} = 2027-01-31, without quotes")
    if key == "above":
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _EXACT
        return None if good else ("`above` takes a number of tokens, up to 2^53", "above = 200_000")
    if not isinstance(value, str) or (key == "model" and not value.strip()):
        return f"`{key}` takes a text", f'{key} = "…"'
    known = {"service": SERVICES, "modality": MODALITIES}.get(key)
    return (f"`{value}` is no {key}", f"{key} is one of {', '.join(known)}") if known and value not in known else None


def _is_usd(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    usd = Decimal(str(value))
    return usd.is_finite() and 0 <= usd <= _MOST and usd == round(usd, 6)
