"""The GoogleSQL functions that the embedded engine answers, each with its case under tests/cases/functions.

A function that is not here is refused by name: an error that names it beats an answer that differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from sqlglot import exp

Builder = Callable[[list[exp.Expression]], exp.Expression]


class Refused(Exception):
    """Arguments that the embedded engine does not take; the message says which and what to write."""


def call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    """A call of a DuckDB function or of one of the native macros."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def number(value: int) -> exp.Literal:
    return exp.Literal.number(value)


def path_of(arguments: list[exp.Expression]) -> exp.Literal:
    """The JSONPath argument as DuckDB writes it; `$` where there is none."""
    if len(arguments) < 2:
        return text("$")
    path = arguments[1]
    if not isinstance(path, exp.Literal) or not path.is_string:
        raise Refused("the embedded engine takes a JSONPath as a literal: JSON_VALUE(x, '$.name')")
    spelled = re.sub(r"\[\s*'((?:[^'\\]|\\.)*)'\s*\]", r'."\1"', path.name)
    if not re.fullmatch(r'\$(?:\.[\w\-$ ]+|\."[^"]*"|\[\d+\])*', spelled):
        raise Refused(f"the embedded engine does not read the JSONPath {path.name!r}; use $.name and $.list[0]")
    return text(spelled)


def _renamed(name: str, low: int, high: int | None = None) -> Builder:
    def build(arguments: list[exp.Expression]) -> exp.Expression:
        if not low <= len(arguments) <= (low if high is None else high):
            raise Refused("it takes another number of arguments here")
        return call(name, *arguments)

    return build


def _json(macro: str) -> Builder:
    return lambda arguments: call(f"googlesql.{macro}", arguments[0], path_of(arguments))


def _json_type(arguments: list[exp.Expression]) -> exp.Expression:
    inner = arguments[0]
    if isinstance(inner, exp.Anonymous) and inner.name == "googlesql.json_query":
        return call("googlesql.json_type_at", *inner.expressions)
    return call("googlesql.json_type", inner)


def _parse_json(macro: str) -> Builder:
    def build(arguments: list[exp.Expression]) -> exp.Expression:
        mode = arguments[1:]
        if mode and "round" not in mode[0].sql():
            raise Refused("only wide_number_mode => 'round' is taken")
        if not mode:
            raise Refused("write PARSE_JSON(x, wide_number_mode => 'round'), which is what BigQuery needs too")
        if is_json_by_construction(arguments[0]):
            return exp.Cast(this=arguments[0], to=exp.DataType.build("JSON"))
        return call(f"googlesql.{macro}", arguments[0])

    return build


def is_json_by_construction(node: exp.Expression) -> bool:
    """Whether text joined of literals and TO_JSON_STRINGs is JSON whatever the values: no row needs a check then."""
    try:
        for spelled in _spellings(node):
            json.loads(spelled, parse_constant=_no_constant)
    except ValueError:
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _spellings(node: exp.Expression) -> list[str]:
    """Every text an expression can make, with null for each TO_JSON_STRING; ValueError where it can't be told."""
    match node:
        case exp.Literal() if node.is_string:
            return [node.name]
        case exp.Anonymous() if node.name == "googlesql.to_json_string":
            return ["null"]
        case exp.Paren():
            return _spellings(node.this)
        case exp.DPipe():
            made = [left + right for left in _spellings(node.this) for right in _spellings(node.expression)]
        case exp.If() | exp.Case():
            branches = [branch.args["true"] for branch in node.args.get("ifs") or [node]]
            default = node.args.get("default") or node.args.get("false")
            made = [text for branch in [*branches, *([default] if default else [])] for text in _spellings(branch)]
        case _:
            raise ValueError(type(node).__name__)
    if len(made) > 64:
        raise ValueError("too many")
    return made


def _concat(arguments: list[exp.Expression]) -> exp.Expression:
    joined = arguments[0]
    for argument in arguments[1:]:
        joined = exp.DPipe(this=joined, expression=argument, safe=False)
    return exp.Paren(this=joined)


def _to_hex(arguments: list[exp.Expression]) -> exp.Expression:
    inner = arguments[0]
    if isinstance(inner, exp.Anonymous) and inner.name == "bqbatch.sha256":
        return call("sha256", *inner.expressions)
    raise Refused("only TO_HEX(SHA256(x)) is translated")


def _sha256(arguments: list[exp.Expression]) -> exp.Expression:
    # DuckDB's sha256 gives hex digits: only TO_HEX around it can tell what is meant.
    return call("bqbatch.sha256", *arguments)


def _to_json_string(arguments: list[exp.Expression]) -> exp.Expression:
    if len(arguments) != 1:
        raise Refused("it takes one argument here")
    return call("googlesql.to_json_string", arguments[0], shown(arguments[0]))


def shown(node: exp.Expression) -> exp.Literal:
    """A few words of an expression, for the message of a cast that fails."""
    return text(node.sql(dialect="bigquery", comments=False)[:60].replace("`", ""))


def _substr(arguments: list[exp.Expression]) -> exp.Expression:
    start = arguments[1]
    if isinstance(start, exp.Literal) and not start.is_string and int(start.name) > 0:
        return call("substr", *arguments)
    length = arguments[2] if len(arguments) > 2 else number(2**31 - 1)
    return call("googlesql.substr", arguments[0], start, length)


def _regexp_extract(arguments: list[exp.Expression]) -> exp.Expression:
    pattern = arguments[1]
    if not isinstance(pattern, exp.Literal) or len(arguments) > 2:
        raise Refused("it takes a literal pattern and nothing more here")
    groups = len(re.findall(r"(?<!\\)\((?!\?)|\(\?P<", pattern.name))
    if groups > 1:
        raise Refused("a pattern may have one group")
    found = call("regexp_extract", *arguments, number(groups))
    return exp.Case(
        ifs=[exp.If(this=call("regexp_matches", *[a.copy() for a in arguments]), true=found)]
    )  # fmt: skip


def _regexp_replace(arguments: list[exp.Expression]) -> exp.Expression:
    if len(arguments) != 3:
        raise Refused("it takes three arguments")
    return call("regexp_replace", *arguments, text("g"))


def _mod(arguments: list[exp.Expression]) -> exp.Expression:
    return exp.Paren(this=exp.Mod(this=_bracketed(arguments[0]), expression=_bracketed(arguments[1])))


def _div(arguments: list[exp.Expression]) -> exp.Expression:
    return call("divide", *arguments)


def _bracketed(node: exp.Expression) -> exp.Expression:
    return exp.Paren(this=node) if isinstance(node, exp.Binary) else node


def _countif(arguments: list[exp.Expression]) -> exp.Expression:
    return exp.Filter(this=call("count", exp.Star()), expression=exp.Where(this=arguments[0]))


def _any_value(arguments: list[exp.Expression]) -> exp.Expression:
    having = arguments[0]
    if isinstance(having, exp.HavingMax):
        return call("arg_max" if having.args.get("max") else "arg_min", having.this, having.expression)
    return call("any_value", having)


def _array_length(arguments: list[exp.Expression]) -> exp.Expression:
    return call("len", *arguments)


def _date(arguments: list[exp.Expression]) -> exp.Expression:
    if len(arguments) == 3:
        return call("make_date", *arguments)
    if len(arguments) != 1:
        raise Refused("DATE(x) and DATE(year, month, day) are taken")
    return exp.Cast(this=arguments[0], to=exp.DataType.build("DATE"))


def _interval(sign: str) -> Builder:
    def build(arguments: list[exp.Expression]) -> exp.Expression:
        interval = arguments[1]
        if not isinstance(interval, exp.Interval):
            raise Refused("write INTERVAL n DAY as the second argument")
        kind = exp.Add if sign == "+" else exp.Sub
        return exp.Paren(this=kind(this=_bracketed(arguments[0]), expression=interval))

    return build


def _date_interval(sign: str) -> Builder:
    moved = _interval(sign)
    return lambda arguments: exp.Cast(this=moved(arguments), to=exp.DataType.build("DATE"))


FUNCTIONS: dict[str, Builder] = {
    "ABS": _renamed("abs", 1),
    "ANY_VALUE": _any_value,
    "ARRAY_AGG": lambda arguments: call("array_agg", *arguments),
    "ARRAY_LENGTH": _array_length,
    "ARRAY_TO_STRING": _renamed("googlesql.array_text", 2),
    "AVG": _renamed("avg", 1),
    "COALESCE": lambda arguments: exp.Coalesce(this=arguments[0], expressions=arguments[1:]),
    "CONCAT": _concat,
    "COUNT": lambda arguments: call("count", *arguments),
    "COUNTIF": _countif,
    "CURRENT_DATE": lambda _: call("current_date"),
    "CURRENT_TIMESTAMP": lambda _: call("now"),
    "DATE": _date,
    "DATE_ADD": _date_interval("+"),
    "DATE_SUB": _date_interval("-"),
    "DENSE_RANK": _renamed("dense_rank", 0),
    "DIV": _div,
    "ENDS_WITH": _renamed("ends_with", 2),
    "IFNULL": lambda arguments: exp.Coalesce(this=arguments[0], expressions=arguments[1:]),
    "JSON_QUERY": _json("json_query"),
    "JSON_QUERY_ARRAY": _json("json_query_array"),
    "JSON_TYPE": _json_type,
    "JSON_VALUE": _json("json_value"),
    "LAG": _renamed("lag", 1, 3),
    "LEAD": _renamed("lead", 1, 3),
    "LENGTH": _renamed("length", 1),
    "LOGICAL_AND": _renamed("bool_and", 1),
    "LOGICAL_OR": _renamed("bool_or", 1),
    "LOWER": _renamed("lower", 1),
    "MAX": _renamed("max", 1),
    "MIN": _renamed("min", 1),
    "MOD": _mod,
    "NULLIF": _renamed("nullif", 2),
    "PARSE_JSON": _parse_json("parse_json"),
    "RANK": _renamed("rank", 0),
    "REGEXP_CONTAINS": _renamed("regexp_matches", 2),
    "REGEXP_EXTRACT": _regexp_extract,
    "REGEXP_REPLACE": _regexp_replace,
    "REPEAT": _renamed("repeat", 2),
    "REPLACE": _renamed("replace", 3),
    "ROUND": _renamed("round", 1, 2),
    "ROW_NUMBER": _renamed("row_number", 0),
    "SAFE.PARSE_JSON": _parse_json("safe_parse_json"),
    "SHA256": _sha256,
    "SPLIT": _renamed("string_split", 2),
    "STARTS_WITH": _renamed("starts_with", 2),
    "STRING_AGG": lambda arguments: call("string_agg", *arguments),
    "STRPOS": _renamed("strpos", 2),
    "SUBSTR": _substr,
    "SUM": _renamed("sum", 1),
    "TIMESTAMP_ADD": _interval("+"),
    "TIMESTAMP_SUB": _interval("-"),
    "TO_HEX": _to_hex,
    "TO_JSON_STRING": _to_json_string,
    "UPPER": _renamed("upper", 1),
}

SPELLINGS = {
    "CHAR_LENGTH": "LENGTH(x)",
    "CHARACTER_LENGTH": "LENGTH(x)",
    "CURRENT_DATETIME": "CURRENT_TIMESTAMP()",
    "FORMAT": "CONCAT and CAST(x AS STRING)",
    "GREATEST": "CASE WHEN a > b THEN a ELSE b END",
    "JSON_EXTRACT": "JSON_QUERY(x, '$.name')",
    "JSON_EXTRACT_SCALAR": "JSON_VALUE(x, '$.name')",
    "JSON_VALUE_ARRAY": "ARRAY(SELECT JSON_VALUE(e, '$') FROM UNNEST(JSON_QUERY_ARRAY(x, '$.list')) AS e)",
    "LEAST": "CASE WHEN a < b THEN a ELSE b END",
    "LEFT": "SUBSTR(x, 1, n)",
    "MAX_BY": "ANY_VALUE(x HAVING MAX y)",
    "MIN_BY": "ANY_VALUE(x HAVING MIN y)",
    "RIGHT": "SUBSTR(x, -n)",
    "SAFE_DIVIDE": "IF(b = 0, NULL, a / b)",
    "SUBSTRING": "SUBSTR(x, start, length)",
    "TRIM": "REGEXP_REPLACE(x, r'^\\s+|\\s+$', '')",
}
"""What to write instead of a function that is refused."""
