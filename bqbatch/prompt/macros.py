"""What a template may call: `{{ seed('file.csv') }}` and its like."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Undefined

from bqbatch.errors import Place
from bqbatch.names import Dataset
from bqbatch.prompt.placeholders import Origin, Piece, PromptText, literal, placeholders_in, text_sql, to_sql
from bqbatch.prompt.settings import NAME, Settings, problem_with
from bqbatch.prompt.source import File, label, piece_mark, unmarked

SEED_FORMATS = (".csv", ".parquet", ".jsonl")
USAGE = {
    "config": "config(temperature = 0)",
    "examples": r"examples('dataset.table', 'Review: {review}\nLabel: {label}', order_by = 'id')",
    "file": "file('{uri}', 'image/jpeg')",
    "prompt": "prompt('Summarise {column}')",
    "ref": "ref('other_prompt')",
    "seed": "seed('file.csv')",
    "source": "source('dataset.table')",
    "var": "var('name', 'default')",
}
"""Every macro and how it is called."""
_ORDER = re.compile(r"([A-Za-z_]\w*)(?:\s+(asc|desc))?", re.ASCII | re.IGNORECASE)


class Refused(Exception):
    """A macro's refusal; `needle` is the word in the template to point at."""

    def __init__(self, message: str, hint: str, needle: str) -> None:
        super().__init__(message)
        self.message, self.hint, self.needle = message, hint, needle


@dataclass(frozen=True, slots=True)
class Seed:
    """A file beside the query that is loaded into `table`, once per content."""

    path: Path
    table: str
    place: Place


@dataclass(frozen=True, slots=True)
class Ref:
    """Another prompt whose view this one reads."""

    name: str
    place: Place


@dataclass
class Macros:
    """The macros of one rendering, and what was said by them. `files` are those read so far, `main` the prompt file."""

    main: File
    root: Path
    dataset: Dataset
    variables: dict[str, str]
    files: list[File] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    null_columns: list[str | None] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    seeds: dict[str, Seed] = field(default_factory=dict)
    refs: dict[str, Ref] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    @property
    def callables(self) -> dict[str, Callable[..., Any]]:
        """The macros by name."""
        return {name: getattr(self, name) for name in USAGE}

    def config(self, **settings: Any) -> str:
        for name, value in settings.items():
            if isinstance(value, Undefined):
                raise Refused(f"config({name}=…) takes a value, not a name", f"a text needs quotes: {name} = '…'", name)
            if problem := problem_with(name, value):
                raise Refused(*problem, needle=name)
            if name in self.settings:
                raise Refused(f"config(…) sets `{name}` twice", "keep one of them", name)
            self.settings[name] = value
        return ""

    def prompt(self, text: str) -> str:
        _check_text("prompt", text)
        return self.prompt_sql(self._text("prompt", text).dedented())

    def file(self, uri: str, mime: str) -> str:
        """A file as one of the parts of a prompt; both texts may have {column} in them."""
        _check_text("file", uri, mime)
        uri_sql, mime_sql = (text_sql(self._text("file", text)) for text in (uri, mime))
        return self._piece(Piece(uri_sql.expression, {**uri_sql.columns, **mime_sql.columns}, mime_sql.expression))

    def examples(
        self, table: str, text: str, *, order_by: str, limit: int | None = None, separator: str = "\n\n"
    ) -> str:
        """Rows of a labelled table as text, one like the other, in an order that is always the same."""
        _check_text("examples", table, text, order_by, separator)
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
            raise Refused(f"examples(… limit={limit!r}) takes a number of rows", "limit = 8", "limit")
        order = [_ORDER.fullmatch(key.strip()) for key in order_by.split(",")]
        if not all(order):
            raise Refused(
                f"examples(… order_by='{order_by}') takes columns", "order_by = 'id' or 'score DESC, id'", order_by
            )
        name = table if "`" in table else self.source(table)
        keys = ", ".join(f"example.`{key[1]}`{f' {key[2].upper()}' if key[2] else ''}" for key in order if key)
        row = text_sql(self._text("examples", text), "example").expression
        rows = f"STRING_AGG({row}, {literal(separator)} ORDER BY {keys}, {row}{f' LIMIT {limit}' if limit else ''})"
        query = f"(SELECT {rows} FROM {name} AS example)"
        return self._piece(Piece(query, {f"examples of {name.strip('`')}": unmarked(query)[0]}))

    def ref(self, name: str) -> str:
        """The view of another prompt, by that prompt's name."""
        if not isinstance(name, str) or not re.fullmatch(NAME, name) or "__" in name:
            raise Refused(f"ref({name!r}) does not name a prompt", "ref('sentiment') for sentiment.sql", str(name))
        said = re.compile(rf"\bref\s*\(\s*['\"]({name})['\"]")
        places = (file.place(at.start(1)) for file in self.files if (at := said.search(file.text)))
        self.refs.setdefault(name, Ref(name, next(places, self.main.place_of(name))))
        return self.dataset.upstream(name).of(name)

    def seed(self, name: str) -> str:
        """The table of a file beside the prompt file."""
        _check_text("seed", name)
        path = self.inside(self.main.folder, name)
        if path.suffix.lower() not in SEED_FORMATS:
            raise Refused(f"seed('{name}') is not a file bqbatch loads", f"use {', '.join(SEED_FORMATS)}", name)
        try:
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
        except OSError as error:
            near = difflib.get_close_matches(path.name, [p.name for p in _siblings(path) if p != path], n=1)
            raise Refused(
                f"seed('{name}') can't be read: {error.strerror}",
                f"did you mean '{near[0]}'?" if near else f"put the file beside {self.main.path}",
                name,
            ) from None
        table = self.dataset.seed(path.stem, hashlib.sha256((digest + path.suffix.lower()).encode()).hexdigest())
        self.seeds[table] = Seed(path, table, self.main.place_of(name))
        return table

    def source(self, name: str) -> str:
        if not isinstance(name, str) or not re.fullmatch(r"(?:[\w-]+\.)?\w+\.\w+", name):
            raise Refused(
                f"source({name!r}) does not name a table", "source('dataset.table') or source('project.dataset.table')",
                str(name),
            )  # fmt: skip
        return f"`{name}`"

    def var(self, name: str, default: Any = None) -> Any:
        _check_text("var", name)
        self.asked.add(name)
        if name in self.variables:
            return self.variables[name]
        if default is None:
            raise Refused(
                f"variable `{name}` has no value", f"add --var {name}=… or a default: var('{name}', '…')", name
            )
        return default

    def prompt_sql(self, text: PromptText) -> str:
        """The SQL of a prompt, with a label at its end."""
        made = to_sql(text, self.pieces)
        self.null_columns.append(made.null_column)
        return f"{made.expression}{label(str(len(self.null_columns) - 1))}"

    def inside(self, folder: Path, name: str) -> Path:
        """The path of a file of the project."""
        path = (folder / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise Refused(f"'{name}' lies outside the project", f"keep it under {self.root.name}/", name)
        return path

    def said(self) -> Settings:
        """The settings that config(…) said."""
        return Settings(**self.settings)

    def _piece(self, piece: Piece) -> str:
        self.pieces.append(piece)
        return piece_mark(len(self.pieces) - 1)

    def _text(self, macro: str, text: str) -> PromptText:
        """The text of a call. It has lost its origin: the first call that says the same is shown."""
        plain = unmarked(text)[0]
        origins: list[Origin] = [(0, 0, False)] * len(plain)
        for found in placeholders_in(plain):
            said = re.compile(rf"\b{macro}\s*\(.*?({re.escape(found[0])})", re.DOTALL)
            places = ((number, at) for number, file in enumerate(self.files) if (at := said.search(file.text)))
            number, at = next(places, (0, None))
            origins[found.start()] = (number, at.start(1) if at else 0, True)
        return PromptText(plain, tuple(origins))


def _check_text(macro: str, *values: object) -> None:
    if not all(isinstance(value, str) for value in values):
        raise Refused(f"{macro}(…) takes text in quotes", f"write {{{{ {USAGE[macro]} }}}}", macro)


def _siblings(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir()) if path.parent.is_dir() else []
