"""`{% output %}` read: a column list in DDL's words becomes `OutputColumn`s. sqlglot reads it, it never reaches BigQuery."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from bqbatch.errors import Place, PromptError
from bqbatch.prompt.output import NUMBERS, SCALARS, Check, OutputColumn
from bqbatch.prompt.traps import unclosed

Offset = Callable[[int], Place]

_T = exp.DataType.Type
_SCALARS: dict[exp.DType, str] = {
    _T.TEXT: "STRING",
    _T.BIGINT: "INT64",
    _T.INT: "INT64",
    _T.DOUBLE: "FLOAT64",
    _T.DECIMAL: "NUMERIC",
    _T.BOOLEAN: "BOOL",
    _T.DATE: "DATE",
    _T.TIMESTAMPTZ: "TIMESTAMP",
    _T.TIMESTAMP: "DATETIME",
    _T.TIME: "TIME",
}
_TYPES = {*SCALARS, "STRUCT", "ARRAY"}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.GTE: ">=", exp.GT: ">", exp.LTE: "<=", exp.LT: "<", exp.EQ: "=", exp.NEQ: "!=",
}  # fmt: skip
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "=": "=", "!=": "!="}
_RESERVED = {"key", "prompt", "request_hash"}


def parse_output(text: str, place: Offset) -> tuple[OutputColumn, ...]:
    """The columns of an `{% output %}` block; `place` turns an offset of `text` into a place.

    Raises PromptError with the place of what is not a column list bqbatch can use.
    """
    wrapper = "CREATE TABLE t (\n"
    if not text.strip():
        raise PromptError("{% output %} is empty", _DDL_HINT, place(0))
    try:
        tree = sqlglot.parse_one(f"{wrapper}{text}\n)", dialect="bigquery")
    except (ParseError, TokenError) as error:
        raise _unreadable(error, text, place) from None
    schema = tree.this if isinstance(tree, exp.Create) else None
    if not isinstance(schema, exp.Schema) or tree.args.get("expression"):
        raise PromptError("{% output %} is not a column list", _DDL_HINT, place(_first(text)))

    def at(node: exp.Expr) -> Place:
        for identifier in node.find_all(exp.Identifier):
            if "start" in identifier.meta:
                return place(identifier.meta["start"] - len(wrapper))
        return place(_first(text))

    columns = tuple(_columns(schema.expressions, at))
    for column in columns:
        if column.name.lower() in _RESERVED or column.name.startswith("_"):
            raise PromptError(
                f"output column `{column.name}` has a name that bqbatch uses itself",
                "rename it; `key`, `prompt`, `request_hash` and names that start with _ are taken",
                column.place,
            )
    return columns


_DDL_HINT = "write columns as in CREATE TABLE: `label STRING NOT NULL CHECK (label IN ('a', 'b'))`, comma between"


def _first(text: str) -> int:
    return len(text) - len(text.lstrip())


def _unreadable(error: ParseError | TokenError, text: str, place: Offset) -> PromptError:
    details = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    offset, token = _first(text), str(details.get("highlight") or "")
    if "line" in details:
        lines = re.split(r"(?<=\n)", text)
        row = min(int(details["line"]) - 2, len(lines))
        offset = sum(map(len, lines[:row])) + max(0, int(details["col"]) - len(token))
    elif opened := unclosed(text):
        offset = opened[1]
    hint = _DDL_HINT
    before = text[:offset].rstrip()
    last = (re.findall(r"\w+", before) or [""])[-1].upper()
    if token.upper() in ("NOT", "CHECK", "OPTIONS") and before.count("<") > before.count(">"):
        hint = "constraints go on a column or a STRUCT field, not on the element type of an ARRAY"
    elif text.split()[0].upper() == "CREATE":
        hint = "leave out CREATE TABLE and its brackets: only the columns stand here"
    elif re.fullmatch(r"\w+", token) and last and last not in _TYPES and token.upper() not in ("NOT", "CHECK"):
        hint = f"is `{token}` a type? Use STRING, INT64, FLOAT64, NUMERIC, BOOL, DATE, DATETIME, TIME, TIMESTAMP, " \
               "STRUCT<…> or ARRAY<…>"  # fmt: skip
    what = f"near `{token}`" if token.strip() and offset < len(text) else "(is a bracket or a quote left open?)"
    return PromptError(f"{{% output %}} can't be read {what}", hint, place(min(offset, len(text))))


def _columns(nodes: list[exp.Expr], at: Callable[[exp.Expr], Place]) -> Iterator[OutputColumn]:
    seen: set[str] = set()
    for node in nodes:
        if not isinstance(node, exp.ColumnDef) or node.args.get("kind") is None:
            raise PromptError(
                f"{{% output %}} expects `name TYPE`, found `{node.sql('bigquery')}`", _DDL_HINT, at(node)
            )
        name = node.name
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise PromptError(f"output column `{name}` needs a plain name", "letters, digits and _ only", at(node))
        if name.lower() in seen:
            raise PromptError(f"output column `{name}` stands twice", "rename one of them", at(node))
        seen.add(name.lower())
        yield _column(node, at)


def _column(node: exp.ColumnDef, at: Callable[[exp.Expr], Place]) -> OutputColumn:
    kind: exp.DataType = node.args["kind"]
    array = kind.this == _T.ARRAY
    element = kind.expressions[0] if array and kind.expressions else kind
    if array and (element is kind or element.this == _T.ARRAY):
        raise PromptError(
            f"`{node.name}`: an ARRAY needs one element type that is not an ARRAY", "ARRAY<STRING>", at(node)
        )
    fields: tuple[OutputColumn, ...] = ()
    if element.this == _T.STRUCT:
        type_name = "STRUCT"
        fields = tuple(_columns(element.expressions, at))
        if not fields:
            raise PromptError(f"`{node.name}`: a STRUCT needs fields", "STRUCT<amount NUMERIC, item STRING>", at(node))
    elif element.this in _SCALARS and not element.expressions:
        type_name = _SCALARS[element.this]
    else:
        raise PromptError(
            f"`{node.name}`: a model can't answer with type {element.sql('bigquery')}",
            "use STRING, INT64, FLOAT64, NUMERIC, BOOL, DATE, DATETIME, TIME, TIMESTAMP, STRUCT<…> or ARRAY<…>; "
            "for a longest text, CHECK (LENGTH(column) <= n)",
            at(node),
        )
    required, description, checks = False, None, []
    for constraint in node.args.get("constraints") or []:
        rule = constraint.args["kind"]
        if isinstance(rule, exp.NotNullColumnConstraint) and not rule.args.get("allow_null"):
            required = True
        elif isinstance(rule, exp.CheckColumnConstraint):
            checks += list(_checks(node.name, type_name, array, rule.this, at))
        elif isinstance(rule, exp.Properties) and [p.name for p in rule.expressions] == ["description"]:
            description = rule.expressions[0].args["value"].name
        else:
            raise PromptError(
                f"`{node.name}`: `{constraint.sql('bigquery')}` means nothing for an answer",
                "NOT NULL, CHECK (…) and OPTIONS (description = '…') do",
                at(node),
            )
    column = OutputColumn(node.name, type_name, array, required, description, fields, tuple(checks), at(node))
    if column.low is not None and column.high is not None and column.low > column.high:
        raise PromptError(
            f"`{node.name}`: no number is from {column.low} to {column.high}", "say the smaller bound first", at(node)
        )
    return column


def _checks(name: str, type_name: str, array: bool, rule: exp.Expr, at: Callable[[exp.Expr], Place]) -> Iterator[Check]:
    rule = rule.unnest()
    if isinstance(rule, exp.And):
        for part in rule.flatten():
            yield from _checks(name, type_name, array, part, at)
        return
    check = _check(name, rule)
    if check is None or any(value is None for value in check[1]):
        raise PromptError(
            f"`{name}`: can't hold an answer to CHECK ({rule.sql('bigquery')})",
            f"use {name} IN (…), {name} BETWEEN a AND b, {name} >= a, LENGTH({name}) <= n, "
            f"ARRAY_LENGTH({name}) <= n, and AND between",
            at(rule),
        )
    kind, values = check[0], tuple(value for value in check[1] if value is not None)
    if not values:
        raise PromptError(f"`{name}`: IN () leaves no value to answer with", f"{name} IN ('a', 'b')", at(rule))
    numbers = all(not isinstance(value, str) for value in values)
    fits = {
        "LENGTH": type_name == "STRING" and not array and numbers,
        "ARRAY_LENGTH": array and numbers,
        "IN": not array and (numbers if type_name in NUMBERS else type_name == "STRING" and not any(
            not isinstance(value, str) for value in values)),
    }.get(kind, not array and (
        (type_name in NUMBERS and numbers) or (type_name == "STRING" and kind in ("=", "!=") and not numbers)
    ))  # fmt: skip
    if not fits:
        shown = f"ARRAY<{type_name}>" if array else type_name
        raise PromptError(
            f"`{name}` is {shown}, which CHECK ({rule.sql('bigquery')}) does not fit",
            "IN and = take literals of the column's type; <, <=, >, >=, BETWEEN are for numbers",
            at(rule),
        )
    if kind == "BETWEEN":
        yield Check(">=", values[:1])
        yield Check("<=", values[1:])
    else:
        yield Check(kind, values)


def _check(name: str, rule: exp.Expr) -> tuple[str, list[str | int | Decimal | None]] | None:
    def is_column(node: exp.Expr | None) -> bool:
        return isinstance(node, exp.Column) and not node.table and node.name.lower() == name.lower()

    if isinstance(rule, exp.In) and is_column(rule.this) and not rule.args.get("query"):
        return "IN", [_literal(value) for value in rule.expressions]
    if isinstance(rule, exp.Between) and is_column(rule.this):
        return "BETWEEN", [_literal(rule.args["low"]), _literal(rule.args["high"])]
    sign = _COMPARISONS.get(type(rule))
    if sign is None:
        return None
    left, right = rule.this, rule.expression
    if _literal(left) is not None:
        left, right, sign = right, left, _MIRRORED[sign]
    if is_column(left):
        return sign, [_literal(right)]
    limit = _literal(right)
    if not isinstance(limit, int) or sign not in ("<=", "<") or not is_column(left.this):
        return None
    limit -= sign == "<"
    if limit < 0:
        return None
    if isinstance(left, exp.Length):
        return "LENGTH", [limit]
    if isinstance(left, exp.ArraySize):
        return "ARRAY_LENGTH", [limit]
    return None


def _literal(node: exp.Expr | None) -> str | int | Decimal | None:
    if isinstance(node, exp.Neg):
        inner = _literal(node.this)
        return None if inner is None or isinstance(inner, str) else -inner
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return str(node.this)
    number = Decimal(str(node.this))
    return int(number) if number == number.to_integral_value() and "." not in str(node.this) else number
