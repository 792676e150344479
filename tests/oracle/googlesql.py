"""GoogleSQL's reference implementation, which gives the rows of a query: the judge of the tests."""

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service

from bqbatch import googlesql as analyser
from bqbatch.googlesql import Analysis, Columns, GoogleSQLCrashError, GoogleSQLError, split_paths
from bqbatch.googlesql.tree import Message, Node, decoded, kind_name, location, type_name, within

__all__ = ["Analysis", "GoogleSQL", "GoogleSQLCrashError", "GoogleSQLError", "Rows", "Table", "googlesql"]

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WIDE = Context(prec=100)
SCALES = {"NUMERIC": 9, "BIGNUMERIC": 38}
SECOND, MICROSECOND = dt.timedelta(seconds=1), dt.timedelta(microseconds=1)
CLOCK = {"hour": 5, "minute": 6, "second": 6}  # bits, as in GoogleSQL's own packing of civil times
CALENDAR_CLOCK = {"year": 14, "month": 4, "day": 5} | CLOCK
PLAIN = ("INT64", "BOOL", "DOUBLE", "STRING", "BYTES", "JSON")


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


class GoogleSQL(analyser.GoogleSQL):
    """The analyser that evaluates too."""

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


@functools.cache
def googlesql() -> GoogleSQL:
    """Gives the one GoogleSQL of this process."""
    return GoogleSQL()


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
