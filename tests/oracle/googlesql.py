"""GoogleSQL's own analyser and reference implementation, set up as BigQuery and asked from the tests.

PyPI `zetasql` ships both as one WebAssembly module that takes and returns protobuf messages. None of it was
compared with BigQuery itself: features its documentation lacks are off, the rest may be more than it takes.
"""

import ctypes
import datetime as dt
import fcntl
import functools
import hashlib
import importlib.metadata
import importlib.resources
import os
import platform
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import wasmtime
from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2 as options
from zetasql.wasi._pb2.zetasql.public import options_pb2 as language
from zetasql.wasi._pb2.zetasql.public import type_pb2

Message = Any  # protobuf messages and their descriptors come without types
Node = tuple[str, Message, bytes]  # the field a message is in, its descriptor, its bytes
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

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WIDE = Context(prec=100)
SCALES = {"NUMERIC": 9, "BIGNUMERIC": 38}
SECOND, MICROSECOND = dt.timedelta(seconds=1), dt.timedelta(microseconds=1)
CLOCK = {"hour": 5, "minute": 6, "second": 6}  # bits, as in GoogleSQL's own packing of civil times
CALENDAR_CLOCK = {"year": 14, "month": 4, "day": 5} | CLOCK
PLAIN = ("INT64", "BOOL", "DOUBLE", "STRING", "BYTES", "JSON")


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


@dataclass(frozen=True, slots=True)
class Table:
    """Columns (name to type) and rows: sequences in their order, or mappings (a column left out is NULL)."""

    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any] | Sequence[Any]] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """A result's columns and its rows."""

    columns: Columns
    rows: list[dict[str, Any]]


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

    def evaluate(self, sql: str, tables: Mapping[str, Table], parameters: Mapping[str, tuple[str, Any]] = {}) -> Rows:
        """Gives the rows of a query, or of the query inside a CREATE TABLE, CREATE VIEW or INSERT.

        JSON is text both ways and kept as PARSE_JSON leaves it, so text that is not JSON is an error.
        """
        catalog = self._catalog({name: table.columns for name, table in tables.items()})
        settings = self._declared({name: text for name, (text, _) in parameters.items()})
        query = self._flat_query(split_paths(sql), catalog, settings)
        request = service.EvaluateQueryRequest(sql=query, options=settings)
        json: list[Message] = []
        for name, table in tables.items():
            kinds = [self._type(text) for text in table.columns.values()]
            content = request.table_content[name].table_data
            content.SetInParent()  # a table without rows has content too
            for row in table.rows:
                cells = content.row.add().cell
                for kind, value in zip(kinds, in_order(row, list(table.columns)), strict=True):
                    encode(cells.add(), kind, value, json)
        for name, (text, value) in parameters.items():
            encode(request.params.add(name=name).value, self._type(text), value, json)
        self._keep_json(json)
        if tables:  # a registered catalog can't be given content
            request.simple_catalog.CopyFrom(catalog)
        else:
            request.registered_catalog_id = self._register(catalog)
        reply = service.EvaluateQueryResponse.FromString(self._call("EvaluateQuery", request))
        names = [column.name or f"$col{at}" for at, column in enumerate(reply.prepared.columns, 1)]
        kinds = [column.type for column in reply.prepared.columns]
        if len({name.lower() for name in names}) < len(names):
            raise GoogleSQLError(f"Duplicate column names in the result: {', '.join(names)}")
        rows = [map(decode, row.cell, kinds) for row in reply.content.table_data.row]
        return Rows(
            tuple(zip(names, map(type_name, kinds), strict=True)),
            [dict(zip(names, row, strict=True)) for row in rows],
        )

    def _keep_json(self, cells: list[Message]) -> None:
        # Content is taken as written, and it would fail only where a function looks inside.
        if cells:
            parsed = self.evaluate(
                "SELECT PARSE_JSON(text, wide_number_mode => 'round') AS json"
                " FROM UNNEST(@texts) AS text WITH OFFSET AS place ORDER BY place",
                {},
                {"texts": ("ARRAY<STRING>", [cell.json_value for cell in cells])},
            )
            for cell, row in zip(cells, parsed.rows, strict=True):
                cell.json_value = row["json"]

    def _flat_query(self, sql: str, catalog: Message, settings: Message) -> str:
        """Gives the query in a statement, its tables named by one identifier: only such can hold content."""
        kind, parts = self._resolve(sql, catalog, settings)
        text = sql.encode()
        start, end = 0, len(text)
        if kind != "QueryStmt":
            if not any(name == "query" for name, _, _ in parts):
                raise GoogleSQLError(f"only a query can be evaluated, and this {kind} has none")
            reply = self._call("Parse", service.ParseRequest(sql_statement=sql, options=self._language))
            tree: Node = ("", service.ParseResponse.DESCRIPTOR, reply)
            start, end = location(next(within(tree, "ASTQueryProto")))
        edits = {}
        for node in (node for part in parts for node in within(part, "ResolvedTableScanProto")):
            scan = decoded(node)
            alias = "" if scan.alias else f" AS `{scan.table.name}`"
            edits[location(node)] = f"`{scan.table.full_name}`{alias}".encode()
        pieces, at = [], start
        for (first, last), name in sorted(edits.items()):
            if first >= start:  # an INSERT's own table comes before its query
                pieces += [text[at:first], name]
                at = last
        return b"".join([*pieces, text[at:end]]).decode()

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
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bqbatch-tests"
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


def fields(node: Node) -> Iterator[Node]:
    """Yields the messages directly inside a message."""
    _, kind, data = node
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            number |= (data[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 0x80:
                return number

    while at < len(data):
        key = varint()
        wire = key & 7
        size = varint() if wire in (0, 2) else 8 if wire == 1 else 4
        if wire == 2:
            field = kind.fields_by_number.get(key >> 3)
            if field is not None and field.message_type is not None:
                yield field.name, field.message_type, data[at : at + size]
        at += 0 if wire == 0 else size


def members(node: Node) -> Iterator[Node]:
    """Yields the messages directly inside a node of a tree, and inside the node it extends."""
    for field in fields(node):
        if field[0] == "parent":
            yield from members(field)
        else:
            yield field


def within(node: Node, name: str) -> Iterator[Node]:
    """Yields the outermost messages of one name anywhere inside a message, in the order of the tree."""
    ahead = [node]
    while ahead:
        node = ahead.pop()
        if node[1].name == name:
            yield node
        else:
            ahead.extend(reversed(list(fields(node))))


def decoded(node: Node) -> Message:
    """Gives a message that is not too deep to decode."""
    return GetMessageClass(node[1]).FromString(node[2])


def location(node: Node) -> tuple[int, int]:
    """Gives where a node's text starts and ends, in bytes."""
    [place] = (decoded(part) for part in members(node) if part[0] == "parse_location_range")
    return place.start, place.end


def columns(parts: Sequence[Node]) -> list[tuple[str, Message]]:
    """Gives name and type of the columns that a statement creates, yields or fills."""
    for wanted in ("column_definition_list", "output_column_list", "insert_column_list"):
        if found := [decoded(part) for part in parts if part[0] == wanted]:
            names = [re.sub(r"^(\$col\d+)?$", f"$col{at}", column.name) for at, column in enumerate(found, 1)]
            return list(zip(names, (getattr(column, "column", column).type for column in found), strict=True))
    return []


def kind_name(kind: Message) -> str:
    """Gives the name of a type's kind, as in DOUBLE or STRUCT."""
    return str(type_pb2.TypeKind.Name(kind.type_kind)).removeprefix("TYPE_")


def type_name(kind: Message) -> str:
    """Gives a type as the text one would declare it with."""
    name = kind_name(kind)
    if name == "ARRAY":
        return f"ARRAY<{type_name(kind.array_type.element_type)}>"
    if name == "RANGE":
        return f"RANGE<{type_name(kind.range_type.element_type)}>"
    if name == "STRUCT":
        inner = [f"{field.field_name} {type_name(field.field_type)}" for field in kind.struct_type.field]
        return f"STRUCT<{', '.join(map(str.strip, inner))}>"
    return "FLOAT64" if name == "DOUBLE" else name


def field_names(kind: Message) -> list[str]:
    """Gives the names of a struct's fields, those without one numbered as BigQuery's API does."""
    return [field.field_name or f"_field_{at}" for at, field in enumerate(kind.struct_type.field, 1)]


def in_order(row: Mapping[str, Any] | Sequence[Any], names: Sequence[str]) -> Sequence[Any]:
    """Gives a row's values in the order of its columns."""
    if not isinstance(row, Mapping):
        return row
    if unknown := row.keys() - set(names):
        raise ValueError(f"no such column: {', '.join(sorted(unknown))}")
    return [row.get(name) for name in names]


def encode(cell: Message, kind: Message, value: Any, json: list[Message]) -> None:
    """Fills a cell with a value of a type, and adds the cell to `json` when that is what it holds."""
    name = kind_name(kind)
    if value is None:
        return
    if name in PLAIN:
        setattr(cell, f"{name.lower()}_value", value)
        if name == "JSON":
            json.append(cell)
    elif name in SCALES:
        scaled = Decimal(value).scaleb(SCALES[name], WIDE)
        whole = int(scaled)
        if whole != scaled:
            raise ValueError(f"{value} has more than the {SCALES[name]} decimals of {name}")
        digits = whole.to_bytes(whole.bit_length() // 8 + 1, "little", signed=True)
        setattr(cell, f"{name.lower()}_value", digits)
    elif name == "DATE":
        cell.date_value = value.toordinal() - EPOCH.toordinal()
    elif name == "TIMESTAMP":
        since = (dt.datetime.fromisoformat(value) if isinstance(value, str) else value) - EPOCH
        cell.timestamp_value.seconds, rest = divmod(since, SECOND)
        cell.timestamp_value.nanos = rest // MICROSECOND * 1000
    elif name == "TIME":
        cell.time_value = packed(value, CLOCK) << 30 | value.microsecond * 1000
    elif name == "DATETIME":
        cell.datetime_value.bit_field_datetime_seconds = packed(value, CALENDAR_CLOCK)
        cell.datetime_value.nanos = value.microsecond * 1000
    elif name == "ARRAY":
        cell.array_value.SetInParent()
        for element in value:
            encode(cell.array_value.element.add(), kind.array_type.element_type, element, json)
    elif name == "STRUCT":
        cell.struct_value.SetInParent()
        for field, inner in zip(kind.struct_type.field, in_order(value, field_names(kind)), strict=True):
            encode(cell.struct_value.field.add(), field.field_type, inner, json)
    else:
        raise TypeError(f"no Python value stands for {type_name(kind)}")


def decode(cell: Message, kind: Message) -> Any:
    """Gives the value in a cell of a type."""
    name = kind_name(kind)
    if cell.WhichOneof("value") is None:
        return None
    if name in PLAIN:
        return getattr(cell, f"{name.lower()}_value")
    if name in SCALES:
        whole = int.from_bytes(getattr(cell, f"{name.lower()}_value"), "little", signed=True)
        number = Decimal(whole).scaleb(-SCALES[name], WIDE)
        return Decimal(int(number)) if number == int(number) else number.normalize(WIDE)
    if name == "DATE":
        return dt.date.fromordinal(cell.date_value + EPOCH.toordinal())
    if name == "TIMESTAMP":
        since = cell.timestamp_value
        return EPOCH + since.seconds * SECOND + since.nanos // 1000 * MICROSECOND
    if name == "TIME":
        clock = unpacked(cell.time_value >> 30, CLOCK)
        return dt.time(**clock, microsecond=cell.time_value % (1 << 30) // 1000)
    if name == "DATETIME":
        clock = unpacked(cell.datetime_value.bit_field_datetime_seconds, CALENDAR_CLOCK)
        return dt.datetime(**clock, microsecond=cell.datetime_value.nanos // 1000)
    if name == "ARRAY":
        return [decode(element, kind.array_type.element_type) for element in cell.array_value.element]
    if name == "STRUCT":
        inner = zip(field_names(kind), kind.struct_type.field, cell.struct_value.field, strict=True)
        return {key: decode(item, field.field_type) for key, field, item in inner}
    raise TypeError(f"no Python value stands for {type_name(kind)}")


def packed(value: dt.time | dt.datetime, widths: Mapping[str, int]) -> int:
    """Gives the parts of a civil time as one number."""
    return functools.reduce(lambda bits, name: bits << widths[name] | getattr(value, name), widths, 0)


def unpacked(bits: int, widths: Mapping[str, int]) -> dict[str, Any]:
    """Gives the parts of a civil time from the number that holds them."""
    parts = {}
    for name in reversed(list(widths)):
        parts[name] = bits & (1 << widths[name]) - 1
        bits >>= widths[name]
    return parts
