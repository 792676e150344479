"""GoogleSQL's own analyser, set up as BigQuery: the types of a statement without a warehouse.

PyPI `zetasql` ships it as one WebAssembly module that takes and returns protobuf messages. None of it was
compared with BigQuery itself: features its documentation lacks are off, the rest may be more than it takes.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import hashlib
import importlib.metadata
import importlib.resources
import os
import platform
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wasmtime
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2 as options
from zetasql.wasi._pb2.zetasql.public import options_pb2 as language

from bqbatch.googlesql.tree import Message, Node, columns, fields, members, type_name

Columns = tuple[tuple[str, str], ...]

# Features of GoogleSQL that BigQuery's documentation does not have.
NOT_IN_BIGQUERY = re.compile(
    r"""FEATURE_(
        AGGREGATE_FILTERING | ALLOW_SLASH_PATHS | BRACED_PROTO_CONSTRUCTORS | CHECK_CONSTRAINT | DML_RETURNING
        | ARRAY_(AGGREGATION_FUNCTIONS | EQUALITY | FIND_FUNCTIONS | GREATEST_LEAST | ORDERING | ZIP)
        | DOT_PRODUCT | ENABLE_MEASURES | FIRST_AND_LAST_N | FOR_UPDATE | GENERATED_\w+ | IDENTITY_COLUMNS
        | IMPLICIT_COERCION_STRING_LITERAL_TO_BYTES | INLINE_LAMBDA_ARGUMENT | INSERT_ON_CONFLICT_CLAUSE
        | JSON_(CONTAINS_FUNCTION | MORE_VALUE_EXTRACTION_FUNCTIONS | TYPE_COMPARISON) | L[12]_NORM
        | LATERAL_JOIN | LIMIT_OFFSET_EXPRESSIONS | LITERAL_CONCATENATION | MANHATTAN_DISTANCE
        | MULTILEVEL_AGGREGATION\w* | MULTIWAY_UNNEST | NULLIFZERO_ZEROIFNULL | PI_FUNCTIONS
        | PIPE_(ASSERT | CREATE_TABLE | DESCRIBE | EXPORT_DATA | FORK | IF | INSERT | RECURSIVE_UNION | TEE)
        | PIPE_STATIC_DESCRIBE | SINGLE_TABLE_NAME_ARRAY_PATH | STRUCT_POSITIONAL_ACCESSOR
        | TIMESTAMP_(NANOS | PICOS | PRECISION) | TOKENIZED_SEARCH | UUID_TYPE | WITH_RECURSIVE_DEPTH_MODIFIER
    )""",
    re.VERBOSE,
)
REGISTERED_CATALOGS = 32  # each takes about 0.6 MB of the module's memory

COMMENT = r"#[^\n]*|--[^\n]*|/\*.*?\*/"
STRING = r"""(?P<quote>'''|\"{3}|'|")(?:\\.|(?!(?P=quote)).)*(?P=quote)"""
LEXEME = re.compile(rf"{COMMENT}|{STRING}|`([\w-]+)((?:\.\w+)+)`|`(?:\\.|[^`\\])*`", re.DOTALL)
ERROR = re.compile(r"Code: \d+, Message: (.*?)(?: \[at (\d+):(\d+)\])?", re.DOTALL)


class GoogleSQLError(Exception):
    """What GoogleSQL has against a statement, and where in its text (counted from 1) if it tells."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message if line is None else f"{message} [at {line}:{column}]")
        self.message, self.line, self.column = message, line, column


class GoogleSQLCrashError(GoogleSQLError):
    """The module trapped, which says nothing about the statement; the next call gets a fresh instance."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A statement's kind (`QueryStmt`, `CreateViewStmt` …; empty when it is wrong) and the columns it gives.

    The columns of an INSERT are those it fills; a column without a name is called `$col` and its place.
    """

    kind: str
    columns: Columns
    error: str | None = None
    line: int | None = None
    column: int | None = None


class GoogleSQL:
    """One instance of the module, started anew after a crash; not for several threads at once."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.shared_memory = True
        config.max_wasm_stack = 3 << 19  # 512 KB ends at 400 operators; at more than 2 MB wasmtime aborts
        self._engine = wasmtime.Engine(config)
        self._module = compiled(self._engine)
        self._types: dict[str, Message] = {}
        self._boot()
        reply = self._call("GetLanguageOptions", service.LanguageOptionsRequest(maximum_features=True))
        offered = options.LanguageOptionsProto.FromString(reply).enabled_language_features
        named = {feature: language.LanguageFeature.Name(feature) for feature in offered}
        kept = [feature for feature, name in named.items() if not NOT_IN_BIGQUERY.fullmatch(name)]
        self._language = options.LanguageOptionsProto(
            product_mode=language.PRODUCT_EXTERNAL,
            reserved_keywords=["QUALIFY"],
            enabled_language_features=[*kept, language.FEATURE_DISABLE_FLOAT32],
        )
        reply = self._call("GetAnalyzerOptions", service.AnalyzerOptionsRequest())
        self._settings = options.AnalyzerOptionsProto.FromString(reply)
        self._settings.ClearField("allowed_hints_and_options")
        self._settings.language_options.CopyFrom(self._language)
        self._settings.default_timezone = "UTC"
        self._settings.parse_location_record_type = language.PARSE_LOCATION_RECORD_CODE_SEARCH

    def analyze(
        self, sql: str, tables: Mapping[str, Mapping[str, str]], parameters: Mapping[str, str] = {}
    ) -> Analysis:
        """Gives what a statement is and yields, or what is wrong with it and where."""
        catalog, settings = self._catalog(tables), self._declared(parameters)
        try:
            kind, parts = self._resolve(split_paths(sql), catalog, settings)
        except GoogleSQLCrashError:
            raise
        except GoogleSQLError as error:
            return Analysis("", (), error.message, error.line, error.column)
        return Analysis(kind, tuple((name, type_name(of)) for name, of in columns(parts)))

    def _resolve(self, sql: str, catalog: Message, settings: Message) -> tuple[str, list[Node]]:
        """Gives a statement's kind and what its resolved form is made of."""
        request = service.AnalyzeRequest(sql_statement=sql, options=settings)
        request.options.ClearField("enabled_rewrites")  # a rewritten tree has lost its places
        request.registered_catalog_id = self._register(catalog)
        node: Node = ("", service.AnalyzeResponse.DESCRIPTOR, self._call("Analyze", request))
        while node[1].name.startswith("An"):  # AnalyzeResponse, AnyResolvedStatementProto and narrower ones
            node = next(fields(node))
        return node[1].name.removeprefix("Resolved").removesuffix("Proto"), list(members(node))

    def _declared(self, parameters: Mapping[str, str]) -> Message:
        settings = options.AnalyzerOptionsProto()
        settings.CopyFrom(self._settings)
        for name, text in parameters.items():
            settings.query_parameters.add(name=name, type=self._type(text))
        return settings

    def _catalog(self, tables: Mapping[str, Mapping[str, str]]) -> Message:
        """Gives a catalog where `p.d.t` is found as p.d.t, as d.t and, for its content, as one name."""
        catalog = service.RegisterCatalogRequest().simple_catalog
        catalog.builtin_function_options.language_options.CopyFrom(self._language)
        paths = {tuple(name.split(".")): name for name in tables} | {(name,): name for name in tables}
        for name in tables:
            paths.setdefault(tuple(name.split(".")[-2:]), name)
        for path, name in paths.items():
            folder = catalog
            for part in path[:-1]:
                inner = next((inner for inner in folder.catalog if inner.name == part), None)
                folder = inner or folder.catalog.add(name=part)
            table = folder.table.add(name=path[-1], full_name=name)
            for column, text in tables[name].items():
                table.column.add(name=column, type=self._type(text))
        return catalog

    def _register(self, catalog: Message) -> int:
        """Gives the number of a catalog kept in the module: reading it takes longer than most statements."""
        key = catalog.SerializeToString(deterministic=True)
        if key not in self._registered:
            if len(self._registered) == REGISTERED_CATALOGS:
                self._boot()  # is quick, and gives back all their memory
            reply = self._call("RegisterCatalog", service.RegisterCatalogRequest(simple_catalog=catalog))
            self._registered[key] = service.RegisterResponse.FromString(reply).registered_id
        return self._registered[key]

    def _type(self, text: str) -> Message:
        """Gives the type that GoogleSQL reads in a text such as `ARRAY<STRUCT<a STRING>>`."""
        if text not in self._types:
            _, parts = self._resolve(f"SELECT CAST(NULL AS {text})", self._catalog({}), self._settings)
            [(_, self._types[text])] = columns(parts)
        return self._types[text]

    def _boot(self) -> None:
        wasi = wasmtime.WasiConfig()
        wasi.preopen_dir(str(importlib.resources.files("tzdata") / "zoneinfo"), "/usr/share/zoneinfo")
        self._store = wasmtime.Store(self._engine)
        self._store.set_wasi(wasi)
        linker = wasmtime.Linker(self._engine)
        linker.define_wasi()
        self._exports: Mapping[str, Any] = linker.instantiate(self._store, self._module).exports(self._store)
        self._registered: dict[bytes, int] = {}
        self._enter("_initialize")

    def _enter(self, function: str, *arguments: int) -> int:
        try:
            return self._exports[function](self._store, *arguments) or 0
        except (wasmtime.Trap, wasmtime.WasmtimeError) as trap:
            self._boot()
            reason = str(trap).strip().splitlines()[-1].strip()
            raise GoogleSQLCrashError(f"GoogleSQL crashed: {reason}") from trap

    def _call(self, method: str, request: Message) -> bytes:
        """Gives a reply undecoded: a chain of thirty `||` is a deeper tree than protobuf agrees to decode."""
        sent = request.SerializeToString()
        head = self._enter("wasm_malloc", 4 + len(sent))  # the reply's size is written before the request
        ctypes.memmove(self._address(head + 4), sent, len(sent))
        reply = self._enter(f"ZetaSqlLocalService_{method}", head + 4, len(sent), head)
        size = int.from_bytes(ctypes.string_at(self._address(head), 4), "little")
        self._enter("wasm_free", head)
        if not reply:
            place, size = self._enter("wasm_get_last_error"), self._enter("wasm_get_last_error_size")
            error = ctypes.string_at(self._address(place), size).decode()
            raise placed(error, getattr(request, "sql_statement", ""))
        received = ctypes.string_at(self._address(reply), size)
        self._enter("wasm_free", reply)
        return received

    def _address(self, pointer: int) -> int:
        return ctypes.addressof(self._exports["memory"].data_ptr().contents) + (pointer & 0xFFFFFFFF)


@functools.cache
def googlesql() -> GoogleSQL:
    """Gives the one GoogleSQL of this process."""
    return GoogleSQL()


def compiled(engine: wasmtime.Engine) -> wasmtime.Module:
    """Gives the module as native code, compiled by the first process to ask and left in the user's cache."""
    wasm = get_wasm_path().read_bytes()
    made_by = f"wasmtime{importlib.metadata.version('wasmtime')}-{platform.machine()}"
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bqbatch"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    kept = folder / f"zetasql-{hashlib.sha256(wasm).hexdigest()[:16]}-{made_by}.cwasm"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # It runs as it is found, so nobody else may have put it there.
        if kept.exists() and folder.stat().st_uid == kept.stat().st_uid == os.getuid():
            try:
                return wasmtime.Module.deserialize_file(engine, str(kept))
            except wasmtime.WasmtimeError:
                pass  # made for another processor
        module = wasmtime.Module(engine, wasm)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as fresh:
            fresh.write(module.serialize())
        Path(fresh.name).replace(kept)
        return module


def split_paths(sql: str) -> str:
    """Gives the text with `p.d.t` as `p`.d.t: as long, the same to BigQuery, but not to GoogleSQL."""
    return LEXEME.sub(lambda found: f"`{found[2]}`{found[3]}" if found[2] else found[0], sql)


def placed(text: str, sql: str) -> GoogleSQLError:
    """Gives an error from its text, its column in characters: GoogleSQL counts a tab as up to eight."""
    found = ERROR.fullmatch(text)
    if found is None or found[2] is None or not sql:
        return GoogleSQLError(found[1] if found else text)
    line = re.split(r"\r\n|\n|\r", sql)[int(found[2]) - 1]
    widths = (len(line[:at].expandtabs(8)) for at in range(len(line)))
    return GoogleSQLError(found[1], int(found[2]), 1 + sum(width < int(found[3]) - 1 for width in widths))
