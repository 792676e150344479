"""A prompt file compiled: text in, `CompiledPrompt` out, no network and no warehouse."""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot.tokens import TokenType

from bqbatch.errors import Place, PromptError
from bqbatch.names import Dataset, is_ours
from bqbatch.prompt.macros import Ref, Seed
from bqbatch.prompt.output import OutputColumn, response_schema
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.select import NULL_COLUMN, read_select
from bqbatch.prompt.settings import NAME, Settings, merged
from bqbatch.prompt.source import SourceMap
from bqbatch.prompt.template import read_template, render

FORMS = {
    "prompt": "STRING",
    "parts": "ARRAY<STRUCT<text STRING, file_uri STRING, mime_type STRING>>",
    "contents": "JSON",
    "request": "JSON",
}
"""The columns of which a SELECT has one: what is asked, from one text to a whole GenerateContentRequest; their types."""
ASKED = {**FORMS, "system": "STRING", "sample": "INT64", NULL_COLUMN: "STRING"}
"""Columns of the SELECT that make the request and are not carried to the result, with their types."""
KEY_TYPES = ("STRING", "INT64", "NUMERIC", "FLOAT64", "BOOL", "DATE", "DATETIME", "TIME", "TIMESTAMP")
VIEW_COLUMNS = (
    "_outcome", "_error", "_text", "_finish_reason", "_model", "_run_id", "_request_hash",
    "_input_tokens", "_output_tokens", "_thought_tokens", "_cost_usd",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is the same in every request of a prompt, as pieces of JSON text around the row's own text.

    `opening`, the row's contents as JSON, the system instruction, then `closing`. The hash is over the request with
    `closing`; what is sent has `closing_sent`, with the output cap and the labels, so that a retry with a larger cap
    keeps its hash. A prompt's text stands between `text_opening` and `text_closing`, parts between those of parts.
    """

    system: str | None
    closing: str
    closing_sent: str
    opening: str = '{"contents":'
    text_opening: str = '{"contents":[{"role":"user","parts":[{"text":'
    text_closing: str = "}]}]"
    parts_opening: str = '{"contents":[{"role":"user","parts":'
    parts_closing: str = "}]"
    system_opening: str = ',"systemInstruction":{"parts":[{"text":'
    system_closing: str = "}]}"


@dataclass(frozen=True, slots=True)
class CompiledPrompt:
    """Everything a prompt file says: the SELECT, its columns, the request around a row, the answer's columns."""

    name: str
    path: str
    select: str
    source_map: SourceMap
    columns: tuple[str, ...] | None
    settings: Settings
    output: tuple[OutputColumn, ...]
    output_ddl: str | None
    envelope: Envelope
    seeds: tuple[Seed, ...]
    refs: tuple[Ref, ...]
    has_files: bool
    said: frozenset[str]
    digest: str

    @property
    def schema(self) -> dict[str, Any] | None:
        """Gemini's `responseSchema`, or None where the answer is plain text."""
        return response_schema(self.output) if self.output else None

    @property
    def output_cap(self) -> int | None:
        """`maxOutputTokens` of every request, in whichever way it was said; None where there is none."""
        cap = (
            json.loads("{" + self.envelope.closing_sent.removeprefix(","))
            .get("generationConfig", {})
            .get("maxOutputTokens")
        )
        return cap if isinstance(cap, int) else None

    def asked_columns(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Those of the SELECT's columns that make the request."""
        present = {column.lower() for column in columns}
        return tuple(column for column in ASKED if column in present)

    def form(self, columns: Iterable[str]) -> str:
        """Which of `FORMS` the SELECT's columns have."""
        return next(form for form in FORMS if form in {column.lower() for column in columns})

    def place_of(self, name: str, nth: int = 0) -> Place:
        """Where a word stands in the user's SELECT, best as the name of a column, or where the SELECT starts."""
        tokens = sqlglot.tokenize(self.select, dialect="bigquery")
        found = [
            token for token in tokens if token.text.lower() == name.lower() and token.token_type != TokenType.STRING
        ]
        named = [
            after
            for token, after in itertools.pairwise(tokens)
            if token.token_type == TokenType.ALIAS and after in found
        ]
        best = named if len(named) > nth else found
        return self.source_map.place((best[nth : nth + 1] or found or tokens)[0].start)

    def written_at(self, text: str) -> Place | None:
        """Where the user's files first say this, or None."""
        places = (file.place(at) for file in self.source_map.files if (at := file.text.find(text)) >= 0)
        return next(places, None)


def compile_prompt(
    path: Path,
    root: Path,
    dataset: Dataset,
    variables: Mapping[str, str],
    defaults: Settings,
    max_output_tokens: int | None = None,
) -> CompiledPrompt:
    """The compiled prompt file at `path`; `defaults` fill the settings it leaves out.

    Raises PromptError with the place in the user's file.
    """
    file = read_template(path, _shown(path))
    rendered = render(file, root, dataset, variables)
    settings = _merged(rendered.settings, defaults)
    name = settings.name or path.stem
    if not re.fullmatch(NAME, name) or is_ours(name):
        raise PromptError(
            f"`{name}` can't name a prompt",
            "a-z, 0-9 and single _, a letter first, and not bqb_… or seed_…: rename the file, or config(name='…')",
            file.place(max(0, file.text.find(name))),
        )
    output = parse_output(rendered.output.text, rendered.output.place) if rendered.output else ()
    select = read_select(rendered.sql, rendered.source_map, rendered.prompts)
    envelope = _envelope(settings, rendered.system.text if rendered.system else None, output, max_output_tokens)
    compiled = CompiledPrompt(
        name=name,
        path=file.path,
        select=select.sql,
        source_map=select.source_map,
        columns=select.columns,
        settings=settings,
        output=output,
        output_ddl=rendered.output.text if rendered.output else None,
        envelope=envelope,
        seeds=rendered.seeds,
        refs=rendered.refs,
        has_files=rendered.has_files,
        said=frozenset(rendered.settings.said())
        | ({"system"} if rendered.system else set())
        | ({"--max-output-tokens"} if max_output_tokens else set()),
        digest=hashlib.sha256(rendered.sql.encode()).hexdigest(),
    )
    if compiled.columns is not None:
        check_columns(compiled, compiled.columns)
    return compiled


def check_columns(prompt: CompiledPrompt, columns: tuple[str, ...]) -> None:
    """Raises PromptError unless these columns of the SELECT make a prompt."""
    lower = [column.lower() for column in columns]
    for column in lower:
        if lower.count(column) > 1:
            raise PromptError(f"two columns are named `{column}`", "name one of them otherwise with AS",
                              prompt.place_of(column, 1))  # fmt: skip
    forms = [column for column in FORMS if column in lower]
    if len(forms) > 1:
        raise PromptError(
            f"the SELECT has a `{forms[0]}` and a `{forms[1]}` column, and a row asks one thing",
            "keep one of them; carry the other under another name",
            prompt.place_of(forms[1]),
        )
    if "key" not in lower:
        near = difflib.get_close_matches("key", lower, n=1)
        raise PromptError(
            "the SELECT has no `key` column",
            "name the column that tells rows apart: id AS key" + (f" (is `{near[0]}` it?)" if near else ""),
            prompt.place_of("SELECT"),
        )
    if not forms:
        raise PromptError(
            "the SELECT has no `prompt` column",
            "add {% prompt %} … {column} … {% endprompt %} AS prompt",
            prompt.place_of("SELECT"),
        )
    if forms == ["request"]:
        _check_whole(prompt, lower)
    taken = {column.lower() for column in (*VIEW_COLUMNS, "request_hash", "bqb_prompt", "bqb_system", "bqb_shared")}
    carried = [column for column in lower if column not in ASKED]
    for column in carried:
        if column in taken or column == "":
            raise PromptError(
                f"`{column}` is a name bqbatch gives to its own columns" if column else "a column has no name",
                "name the column otherwise with AS",
                prompt.place_of(column) if column else prompt.place_of("SELECT"),
            )
    answers = [column.name for column in prompt.output] if prompt.output else ["answer"]
    for answer in answers:
        if answer.lower() in carried:
            place = next((column.place for column in prompt.output if column.name == answer), None)
            raise PromptError(
                f"output column `{answer}` has the name of a column of the SELECT",
                "rename one of them; both go into the result",
                place or prompt.place_of(answer),
            )


def check_types(prompt: CompiledPrompt, types: Mapping[str, str]) -> None:
    """Raises PromptError unless columns of these GoogleSQL types, by name, make a prompt."""
    for column, kind in types.items():
        name = column.lower()
        wanted = ASKED.get(name)
        if wanted and kind != wanted:
            hint = f"CAST(… AS {wanted}) AS {name}"
            if kind == FORMS["parts"]:
                hint = "a prompt with files in it is an array of parts: name it parts"
            elif name == "parts":
                hint = "make it with {% prompt %} … {{ file('{uri}', 'image/jpeg') }} … {% endprompt %} AS parts"
            elif wanted == "JSON":
                hint = f"PARSE_JSON(…, wide_number_mode => 'round') AS {name}"
            raise PromptError(f"`{name}` is {kind}, not {wanted}", hint, prompt.place_of(name))
        if name == "key" and kind not in KEY_TYPES:
            raise PromptError(
                f"`key` is {kind}: a key is one plain value",
                "bytes may be no text: TO_HEX(…) AS key"
                if kind == "BYTES"
                else "name a column that tells rows apart, such as an id",
                prompt.place_of("key"),
            )


def _check_whole(prompt: CompiledPrompt, columns: list[str]) -> None:
    """A whole request is sent as it stands: nothing that would be put into it may be said."""
    if "system" in columns:
        raise PromptError("a whole `request` has its own system instruction", "put the text into it: systemInstruction",
                          prompt.place_of("system"))  # fmt: skip
    for name in sorted(prompt.said - {"name", "model", "max_attempts", "max_cost"}):
        raise PromptError(
            f"a whole `request` is sent as it stands: `{name}` would not be in it",
            f"take `{name}` out, and say it in the request's own words",
            prompt.written_at(name) or prompt.place_of("request"),
        )


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _merged(said: Settings, defaults: Settings) -> Settings:
    return Settings(**{
        name: value if (value := getattr(said, name)) is not None else getattr(defaults, name)
        for name in Settings.__slots__
    })  # fmt: skip


def _envelope(settings: Settings, system: str | None, output: tuple[OutputColumn, ...], cap: int | None) -> Envelope:
    fields = settings.request_fields()
    if output:
        fields["generationConfig"] |= {
            "responseMimeType": "application/json", "responseSchema": response_schema(output)
        }  # fmt: skip
    fields = merged(fields, settings.request_extra or {})
    cap = cap or settings.max_output_tokens
    sent = merged(fields, {"generationConfig": {"maxOutputTokens": cap}}) if cap else fields
    sent = merged(sent, {"labels": settings.labels}) if settings.labels else sent
    return Envelope(system=system or None, closing=_closing(fields), closing_sent=_closing(sent))


def _closing(fields: Mapping[str, Any]) -> str:
    present = {name: value for name, value in fields.items() if value}
    text = json.dumps(present, ensure_ascii=False, separators=(",", ":"))
    return f",{text[1:]}" if present else "}"
