"""The GoogleSQL functions that the embedded engine answers, each with its case under tests/cases/functions.

A function that is not here is refused by name: an error that names it beats an answer that differs.
"""

from __future__ import annotations

from sqlglot import exp

from bqbatch.warehouses.duckdb import aggregates, json_functions, text_functions, time_functions
from bqbatch.warehouses.duckdb.expressions import (
    Builder,
    Refused,
    beside,
    between,
    bracketed,
    call,
    cast,
    kind_of,
    known,
    macro,
    number,
)


def _renamed(name: str, low: int, high: int | None = None, kind: str = "") -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, low, low if high is None else high)
        return known(call(name, *arguments), kind)

    return build


def _macro(name: str, low: int, high: int | None = None, kind: str = "") -> Builder:
    return _renamed(f"googlesql.{name}", low, high, kind)


def _coalesce(arguments: list[exp.Expr]) -> exp.Expr:
    first, *others = beside(arguments)
    return exp.Coalesce(this=first, expressions=others)


def _round(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 2)
    return macro("round" if len(arguments) == 1 else "round_to", *arguments)


def _mod(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    kind = "INT64" if {kind_of(argument) for argument in arguments} == {"INT64"} else ""
    left, right = beside(arguments)
    return known(exp.Paren(this=exp.Mod(this=bracketed(left), expression=bracketed(right))), kind)


def _div(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return macro("div", *beside(arguments))


def _safe_divide(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return macro("safe_divide", *beside(arguments))


def _extreme(name: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        values = beside(arguments)
        copies = [value.copy() for value in values]
        return macro("unless_null", call(name, *values), exp.Array(expressions=copies))

    return build


def _array_concat(arguments: list[exp.Expr]) -> exp.Expr:
    joined = arguments[0]
    for argument in arguments[1:]:
        joined = macro("array_concat", joined, argument)
    return joined


def _generate_array(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 3)
    return macro("generate_array", *arguments, *([cast(number(1), "BIGINT")] if len(arguments) == 2 else []))


def _today(arguments: list[exp.Expr]) -> exp.Expr:
    if arguments:
        raise Refused("the embedded engine knows no time zones but UTC", "write CURRENT_DATE()")
    return call("current_date")


FUNCTIONS: dict[str, Builder] = {
    "ABS": _renamed("abs", 1),
    "ANY_VALUE": aggregates.any_value,
    "ARRAY_AGG": aggregates.array_agg,
    "ARRAY_CONCAT": _array_concat,
    "ARRAY_LENGTH": _renamed("len", 1, kind="INT64"),
    "ARRAY_REVERSE": _renamed("list_reverse", 1),
    "ARRAY_TO_STRING": _macro("array_text", 2, 3, kind="STRING"),
    "AVG": aggregates.mean,
    "BYTE_LENGTH": _macro("byte_length", 1, kind="INT64"),
    "CEIL": _macro("ceil", 1),
    "CEILING": _macro("ceil", 1),
    "CHARACTER_LENGTH": _renamed("length", 1, kind="INT64"),
    "CHAR_LENGTH": _renamed("length", 1, kind="INT64"),
    "COALESCE": _coalesce,
    "CONCAT": text_functions.concat,
    "COUNT": _renamed("count", 1, kind="INT64"),
    "COUNTIF": aggregates.countif,
    "CURRENT_DATE": _today,
    "CURRENT_TIMESTAMP": _renamed("now", 0),
    "DATE": time_functions.date,
    "DATETIME": time_functions.converted("datetime_of"),
    "DATETIME_ADD": time_functions.moved("DATETIME", 1),
    "DATETIME_DIFF": time_functions.datetime_diff,
    "DATETIME_SUB": time_functions.moved("DATETIME", -1),
    "DATETIME_TRUNC": time_functions.time_trunc("a_datetime", "TIMESTAMP"),
    "DATE_ADD": time_functions.moved("DATE", 1),
    "DATE_DIFF": time_functions.date_diff,
    "DATE_FROM_UNIX_DATE": time_functions.date_from_unix_date,
    "DATE_SUB": time_functions.moved("DATE", -1),
    "DATE_TRUNC": time_functions.date_trunc,
    "DENSE_RANK": _renamed("dense_rank", 0, kind="INT64"),
    "DIV": _div,
    "ENDS_WITH": _renamed("ends_with", 2),
    "FIRST_VALUE": _renamed("first_value", 1),
    "FLOOR": _macro("floor", 1),
    "FORMAT_DATE": time_functions.formatted("a_date"),
    "FORMAT_DATETIME": time_functions.formatted("a_datetime"),
    "FORMAT_TIMESTAMP": time_functions.formatted("a_timestamp"),
    "FROM_BASE64": _renamed("from_base64", 1),
    "FROM_HEX": _renamed("unhex", 1),
    "GENERATE_ARRAY": _generate_array,
    "GENERATE_DATE_ARRAY": time_functions.generate_date_array,
    "GREATEST": _extreme("greatest"),
    "IFNULL": _coalesce,
    "JSON_QUERY": json_functions.read("json_query", "JSON"),
    "JSON_QUERY_ARRAY": json_functions.read("json_query_array", "ARRAY"),
    "JSON_TYPE": json_functions.kind,
    "JSON_VALUE": json_functions.read("json_value", "STRING"),
    "JSON_VALUE_ARRAY": json_functions.value_array,
    "LAG": _renamed("lag", 1, 3),
    "LAST_DAY": time_functions.last_day,
    "LAST_VALUE": _renamed("last_value", 1),
    "LEAD": _renamed("lead", 1, 3),
    "LEAST": _extreme("least"),
    "LEFT": text_functions.left,
    "LENGTH": _macro("length", 1, kind="INT64"),
    "LOGICAL_AND": _renamed("bool_and", 1),
    "LOGICAL_OR": _renamed("bool_or", 1),
    "LOWER": _macro("lower", 1, kind="STRING"),
    "LPAD": text_functions.pad("lpad"),
    "LTRIM": text_functions.trim("ltrim"),
    "MAX": _renamed("max", 1),
    "MD5": text_functions.digest("md5"),
    "MIN": _renamed("min", 1),
    "MOD": _mod,
    "NTILE": _renamed("ntile", 1, kind="INT64"),
    "NULLIF": _renamed("nullif", 2),
    "PARSE_JSON": json_functions.parse("parse_json"),
    "PERCENT_RANK": _renamed("percent_rank", 0, kind="FLOAT64"),
    "RANK": _renamed("rank", 0, kind="INT64"),
    "REGEXP_CONTAINS": _renamed("regexp_matches", 2),
    "REGEXP_EXTRACT": text_functions.regexp_extract,
    "REGEXP_EXTRACT_ALL": text_functions.regexp_extract_all,
    "REGEXP_REPLACE": text_functions.regexp_replace,
    "REPEAT": text_functions.repeat,
    "REPLACE": _renamed("replace", 3),
    "REVERSE": _macro("reverse", 1, kind="STRING"),
    "RIGHT": text_functions.right,
    "ROUND": _round,
    "ROW_NUMBER": _renamed("row_number", 0, kind="INT64"),
    "RPAD": text_functions.pad("rpad"),
    "RTRIM": text_functions.trim("rtrim"),
    "SAFE.PARSE_JSON": json_functions.parse("safe_parse_json"),
    "SAFE_DIVIDE": _safe_divide,
    "SHA1": text_functions.digest("sha1"),
    "SHA256": text_functions.digest("sha256"),
    "SIGN": _macro("sign", 1),
    "SPLIT": text_functions.split,
    "SQRT": _macro("sqrt", 1),
    "STARTS_WITH": _renamed("starts_with", 2),
    "STRING_AGG": aggregates.string_agg,
    "STRPOS": _renamed("strpos", 2, kind="INT64"),
    "SUBSTR": text_functions.substr,
    "SUBSTRING": text_functions.substr,
    "SUM": aggregates.total,
    "TIMESTAMP": time_functions.converted("timestamp_of"),
    "TIMESTAMP_ADD": time_functions.moved("TIMESTAMP", 1),
    "TIMESTAMP_DIFF": time_functions.timestamp_diff,
    "TIMESTAMP_MILLIS": time_functions.timestamp_of(1000),
    "TIMESTAMP_SECONDS": time_functions.timestamp_of(1_000_000),
    "TIMESTAMP_SUB": time_functions.moved("TIMESTAMP", -1),
    "TIMESTAMP_TRUNC": time_functions.time_trunc("a_timestamp", "TIMESTAMPTZ"),
    "TO_BASE64": _macro("base64", 1, kind="STRING"),
    "TO_HEX": text_functions.to_hex,
    "TO_JSON_STRING": json_functions.to_json_string,
    "TRIM": text_functions.trim("trim"),
    "TRUNC": _macro("trunc", 1),
    "UNIX_DATE": time_functions.unix_date,
    "UNIX_MILLIS": time_functions.unix(1000),
    "UNIX_SECONDS": time_functions.unix(1_000_000),
    "UPPER": _macro("upper", 1, kind="STRING"),
}

SPELLINGS = {
    "ANY": "x LIKE 'a%' OR x LIKE 'b%'",
    "ARRAY_FIRST": "x[SAFE_OFFSET(0)]",
    "ARRAY_LAST": "x[SAFE_OFFSET(ARRAY_LENGTH(x) - 1)]",
    "BOOL": "SAFE_CAST(JSON_VALUE(x, '$.name') AS BOOL)",
    "CONTAINS_SUBSTR": "STRPOS(LOWER(x), 'text in lower case') > 0",
    "CURRENT_DATETIME": "DATETIME(CURRENT_TIMESTAMP())",
    "CURRENT_TIME": "CAST(CURRENT_TIMESTAMP() AS TIME)",
    "FARM_FINGERPRINT": "TO_HEX(SHA256(x))",
    "FLOAT64": "SAFE_CAST(JSON_VALUE(x, '$.name') AS FLOAT64)",
    "FORMAT": "CONCAT and CAST(x AS STRING), or FORMAT_DATE('%Y-%m-%d', x)",
    "INSTR": "STRPOS(x, text)",
    "INT64": "SAFE_CAST(JSON_VALUE(x, '$.name') AS INT64)",
    "JSON_ARRAY": "CONCAT and TO_JSON_STRING(x)",
    "JSON_EXTRACT": "JSON_QUERY(x, '$.name')",
    "JSON_EXTRACT_ARRAY": "JSON_QUERY_ARRAY(x, '$.name')",
    "JSON_EXTRACT_SCALAR": "JSON_VALUE(x, '$.name')",
    "JSON_EXTRACT_STRING_ARRAY": "JSON_VALUE_ARRAY(x, '$.name')",
    "JSON_OBJECT": "TO_JSON_STRING(STRUCT(x AS name))",
    "LAX_FLOAT64": "SAFE_CAST(JSON_VALUE(x, '$.name') AS FLOAT64)",
    "LAX_INT64": "SAFE_CAST(JSON_VALUE(x, '$.name') AS INT64)",
    "LAX_STRING": "JSON_VALUE(x, '$.name')",
    "MAX_BY": "ANY_VALUE(x HAVING MAX y)",
    "MIN_BY": "ANY_VALUE(x HAVING MIN y)",
    "OCTET_LENGTH": "BYTE_LENGTH(x)",
    "PARSE_DATE": "SAFE_CAST(x AS DATE), or DATE(year, month, day) of its parts",
    "PARSE_TIMESTAMP": "SAFE_CAST(x AS TIMESTAMP)",
    "REGEXP_INSTR": "STRPOS(x, REGEXP_EXTRACT(x, pattern))",
    "REGEXP_SUBSTR": "REGEXP_EXTRACT(x, pattern)",
    "SAFE_ADD": "a + b; an overflow is an error",
    "SAFE_MULTIPLY": "a * b; an overflow is an error",
    "SAFE_SUBTRACT": "a - b; an overflow is an error",
    "ROLLUP": "GROUP BY and UNION ALL",
    "STRING": "CAST(x AS STRING), or JSON_VALUE(x, '$.name') of JSON",
    "TO_JSON": "PARSE_JSON(TO_JSON_STRING(x), wide_number_mode => 'round')",
    "TRANSLATE": "REPLACE(REPLACE(x, 'a', 'b'), 'c', 'd')",
    "UNIX_MICROS": "TIMESTAMP_DIFF(x, TIMESTAMP_SECONDS(0), MICROSECOND)",
}
"""What to write instead of a function that is refused."""
