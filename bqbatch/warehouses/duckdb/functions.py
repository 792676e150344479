"""The GoogleSQL functions that the embedded engine answers, each with its case under tests/cases/functions.

A function that is not here is refused by name: an error that names it beats an answer that differs.
"""

from __future__ import annotations

from sqlglot import exp

from bqbatch.warehouses.duckdb import (
    aggregates,
    clock_functions,
    format_function,
    json_functions,
    number_functions,
    text_functions,
    time_formats,
    time_functions,
    time_zones,
)
from bqbatch.warehouses.duckdb.expressions import (
    Builder,
    beside,
    between,
    call,
    cast,
    known,
    macro,
    number,
    text,
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


def _array_concat(arguments: list[exp.Expr]) -> exp.Expr:
    joined = arguments[0]
    for argument in arguments[1:]:
        joined = macro("array_concat", joined, argument)
    return joined


def _array_end(called: str, place: int) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 1, 1)
        return macro("array_end", arguments[0], number(place), text(called))

    return build


def _angle(name: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 1, 1)
        return known(call(name, cast(arguments[0], "DOUBLE")), "FLOAT64")

    return build


def _generate_array(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 3)
    return macro("generate_array", *arguments, *([cast(number(1), "BIGINT")] if len(arguments) == 2 else []))


def _today(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 0, 1)
    return cast(time_zones.in_zone(call("now"), arguments[0]), "DATE") if arguments else call("current_date")


def _now(of: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 0, 0)
        return call(of, call("now"))

    return build


FUNCTIONS: dict[str, Builder] = {
    "ABS": _renamed("abs", 1),
    "ACOS": _angle("acos"),
    "ANY_VALUE": aggregates.any_value,
    "ARRAY_AGG": aggregates.array_agg,
    "ARRAY_CONCAT": _array_concat,
    "ARRAY_CONCAT_AGG": aggregates.array_concat_agg,
    "ARRAY_FIRST": _array_end("ARRAY_FIRST", 1),
    "ARRAY_LAST": _array_end("ARRAY_LAST", -1),
    "ARRAY_LENGTH": _renamed("len", 1, kind="INT64"),
    "ARRAY_REVERSE": _renamed("list_reverse", 1),
    "ARRAY_SLICE": _macro("array_slice", 3),
    "ARRAY_TO_STRING": _macro("array_text", 2, 3, kind="STRING"),
    "ASCII": _macro("ascii", 1, kind="INT64"),
    "ASIN": _angle("asin"),
    "ATAN": _angle("atan"),
    "ATAN2": _renamed("atan2", 2, kind="FLOAT64"),
    "AVG": aggregates.mean,
    "BIT_AND": _renamed("bit_and", 1),
    "BIT_COUNT": _renamed("bit_count", 1, kind="INT64"),
    "BIT_OR": _renamed("bit_or", 1),
    "BIT_XOR": _renamed("bit_xor", 1),
    "BOOL": _macro("bool_value", 1),
    "BYTE_LENGTH": _macro("byte_length", 1, kind="INT64"),
    "CEIL": _macro("ceil", 1),
    "CEILING": _macro("ceil", 1),
    "CHARACTER_LENGTH": _renamed("length", 1, kind="INT64"),
    "CHAR_LENGTH": _renamed("length", 1, kind="INT64"),
    "CHR": _macro("chr", 1, kind="STRING"),
    "COALESCE": _coalesce,
    "CODE_POINTS_TO_STRING": _macro("code_points_to_string", 1, kind="STRING"),
    "CONCAT": text_functions.concat,
    "COS": _angle("cos"),
    "COUNT": _renamed("count", 1, kind="INT64"),
    "COUNTIF": aggregates.countif,
    "CUME_DIST": _renamed("cume_dist", 0, kind="FLOAT64"),
    "CURRENT_DATE": _today,
    "CURRENT_DATETIME": _now("googlesql.datetime_of"),
    "CURRENT_TIME": _now("googlesql.time_of"),
    "CURRENT_TIMESTAMP": _renamed("now", 0),
    "DATE": time_functions.date,
    "DATETIME": time_functions.datetime,
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
    "DIV": number_functions.div,
    "ENDS_WITH": _renamed("ends_with", 2),
    "EXP": _macro("exp", 1, kind="FLOAT64"),
    "FIRST_VALUE": _renamed("first_value", 1),
    "FLOAT64": _macro("float64_value", 1, kind="FLOAT64"),
    "FLOOR": _macro("floor", 1),
    "FORMAT": format_function.formatted,
    "FORMAT_DATE": time_formats.formatted("a_date"),
    "FORMAT_DATETIME": time_formats.formatted("a_datetime"),
    "FORMAT_TIME": time_formats.formatted("a_time"),
    "FORMAT_TIMESTAMP": time_formats.formatted("a_timestamp"),
    "FROM_BASE64": _renamed("from_base64", 1),
    "FROM_HEX": _renamed("unhex", 1),
    "GENERATE_ARRAY": _generate_array,
    "GENERATE_DATE_ARRAY": time_functions.generate_date_array,
    "GENERATE_TIMESTAMP_ARRAY": time_functions.generate_timestamp_array,
    "GENERATE_UUID": text_functions.uuid,
    "GREATEST": number_functions.extreme("greatest"),
    "GROUPING": _renamed("grouping", 1, kind="INT64"),
    "IEEE_DIVIDE": _macro("ieee_divide", 2, kind="FLOAT64"),
    "IFNULL": _coalesce,
    "INITCAP": _macro("initcap", 1, kind="STRING"),
    "INSTR": _renamed("strpos", 2, kind="INT64"),
    "INT64": _macro("int64_value", 1, kind="INT64"),
    "IS_INF": _renamed("isinf", 1),
    "IS_NAN": _renamed("isnan", 1),
    "JSON_ARRAY": json_functions.json_array,
    "JSON_EXTRACT": json_functions.read("json_query", "JSON"),
    "JSON_EXTRACT_ARRAY": json_functions.read("json_query_array", "ARRAY"),
    "JSON_EXTRACT_SCALAR": json_functions.read("json_value", "STRING"),
    "JSON_EXTRACT_STRING_ARRAY": json_functions.value_array,
    "JSON_OBJECT": json_functions.json_object,
    "JSON_QUERY": json_functions.read("json_query", "JSON"),
    "JSON_QUERY_ARRAY": json_functions.read("json_query_array", "ARRAY"),
    "JSON_REMOVE": json_functions.remove,
    "JSON_TYPE": json_functions.kind,
    "JSON_VALUE": json_functions.read("json_value", "STRING"),
    "JSON_VALUE_ARRAY": json_functions.value_array,
    "LAG": _renamed("lag", 1, 3),
    "LAST_DAY": time_functions.last_day,
    "LAST_VALUE": _renamed("last_value", 1),
    "LAX_BOOL": _macro("lax_bool", 1),
    "LAX_FLOAT64": _macro("lax_float64", 1, kind="FLOAT64"),
    "LAX_INT64": _macro("lax_int64", 1, kind="INT64"),
    "LAX_STRING": _macro("lax_string", 1, kind="STRING"),
    "LEAD": _renamed("lead", 1, 3),
    "LEAST": number_functions.extreme("least"),
    "LEFT": text_functions.left,
    "LENGTH": _macro("length", 1, kind="INT64"),
    "LN": _macro("ln", 1, kind="FLOAT64"),
    "LOG": number_functions.logarithm,
    "LOG10": _macro("log10", 1, kind="FLOAT64"),
    "LOGICAL_AND": _renamed("bool_and", 1),
    "LOGICAL_OR": _renamed("bool_or", 1),
    "LOWER": _macro("lower", 1, kind="STRING"),
    "LPAD": text_functions.pad("lpad"),
    "LTRIM": text_functions.trim("ltrim"),
    "MAX": _renamed("max", 1),
    "MD5": text_functions.digest("md5"),
    "MIN": _renamed("min", 1),
    "MOD": number_functions.mod,
    "NORMALIZE": text_functions.normalize,
    "NTH_VALUE": _renamed("nth_value", 2),
    "NTILE": _renamed("ntile", 1, kind="INT64"),
    "NULLIF": _renamed("nullif", 2),
    "OCTET_LENGTH": _macro("byte_length", 1, kind="INT64"),
    "PARSE_DATE": time_formats.parsed("DATE"),
    "PARSE_DATETIME": time_formats.parsed("DATETIME"),
    "PARSE_JSON": json_functions.parse("parse_json"),
    "PARSE_TIME": time_formats.parsed("TIME"),
    "PARSE_TIMESTAMP": time_formats.parsed("TIMESTAMP"),
    "PERCENTILE_CONT": aggregates.percentile("quantile_cont"),
    "PERCENTILE_DISC": aggregates.percentile("quantile_disc"),
    "PERCENT_RANK": _renamed("percent_rank", 0, kind="FLOAT64"),
    "POW": _macro("pow", 2, kind="FLOAT64"),
    "POWER": _macro("pow", 2, kind="FLOAT64"),
    "RAND": _renamed("random", 0, kind="FLOAT64"),
    "RANK": _renamed("rank", 0, kind="INT64"),
    "REGEXP_CONTAINS": _renamed("regexp_matches", 2),
    "REGEXP_EXTRACT": text_functions.regexp_extract,
    "REGEXP_EXTRACT_ALL": text_functions.regexp_extract_all,
    "REGEXP_REPLACE": text_functions.regexp_replace,
    "REGEXP_SUBSTR": text_functions.regexp_extract,
    "REPEAT": text_functions.repeat,
    "REPLACE": _renamed("replace", 3),
    "REVERSE": _macro("reverse", 1, kind="STRING"),
    "RIGHT": text_functions.right,
    "ROUND": number_functions.rounded,
    "ROW_NUMBER": _renamed("row_number", 0, kind="INT64"),
    "RPAD": text_functions.pad("rpad"),
    "RTRIM": text_functions.trim("rtrim"),
    "SAFE.PARSE_DATE": time_formats.parsed("DATE", safe=True),
    "SAFE.PARSE_DATETIME": time_formats.parsed("DATETIME", safe=True),
    "SAFE.PARSE_JSON": json_functions.parse("safe_parse_json"),
    "SAFE.PARSE_TIMESTAMP": time_formats.parsed("TIMESTAMP", safe=True),
    "SAFE_ADD": number_functions.safe("safe_add"),
    "SAFE_DIVIDE": number_functions.safe_divide,
    "SAFE_MULTIPLY": number_functions.safe("safe_multiply"),
    "SAFE_NEGATE": number_functions.safe_negate,
    "SAFE_SUBTRACT": number_functions.safe("safe_subtract"),
    "SHA1": text_functions.digest("sha1"),
    "SHA256": text_functions.digest("sha256"),
    "SIGN": _macro("sign", 1),
    "SIN": _angle("sin"),
    "SPLIT": text_functions.split,
    "SQRT": _macro("sqrt", 1),
    "STARTS_WITH": _renamed("starts_with", 2),
    "STDDEV": _renamed("stddev_samp", 1, kind="FLOAT64"),
    "STDDEV_POP": _renamed("stddev_pop", 1, kind="FLOAT64"),
    "STDDEV_SAMP": _renamed("stddev_samp", 1, kind="FLOAT64"),
    "STRING": _macro("string_value", 1, kind="STRING"),
    "STRING_AGG": aggregates.string_agg,
    "STRPOS": _renamed("strpos", 2, kind="INT64"),
    "SUBSTR": text_functions.substr,
    "SUBSTRING": text_functions.substr,
    "SUM": aggregates.total,
    "TAN": _angle("tan"),
    "TIME": clock_functions.clock,
    "TIMESTAMP": time_functions.converted("timestamp_of"),
    "TIMESTAMP_ADD": time_functions.moved("TIMESTAMP", 1),
    "TIMESTAMP_DIFF": time_functions.timestamp_diff,
    "TIMESTAMP_MICROS": time_functions.timestamp_of(1),
    "TIMESTAMP_MILLIS": time_functions.timestamp_of(1000),
    "TIMESTAMP_SECONDS": time_functions.timestamp_of(1_000_000),
    "TIMESTAMP_SUB": time_functions.moved("TIMESTAMP", -1),
    "TIMESTAMP_TRUNC": time_functions.time_trunc("a_timestamp", "TIMESTAMPTZ"),
    "TIME_ADD": time_functions.moved("TIME", 1),
    "TIME_DIFF": clock_functions.time_diff,
    "TIME_SUB": time_functions.moved("TIME", -1),
    "TIME_TRUNC": clock_functions.clock_trunc,
    "TO_BASE64": _macro("base64", 1, kind="STRING"),
    "TO_CODE_POINTS": _macro("to_code_points", 1),
    "TO_HEX": text_functions.to_hex,
    "TO_JSON": json_functions.to_json,
    "TO_JSON_STRING": json_functions.to_json_string,
    "TRANSLATE": _macro("translate", 3, kind="STRING"),
    "TRIM": text_functions.trim("trim"),
    "TRUNC": _macro("trunc", 1),
    "UNICODE": _macro("unicode", 1, kind="INT64"),
    "UNIX_DATE": time_functions.unix_date,
    "UNIX_MICROS": time_functions.unix(1),
    "UNIX_MILLIS": time_functions.unix(1000),
    "UNIX_SECONDS": time_functions.unix(1_000_000),
    "UPPER": _macro("upper", 1, kind="STRING"),
    "VARIANCE": _renamed("var_samp", 1, kind="FLOAT64"),
    "VAR_POP": _renamed("var_pop", 1, kind="FLOAT64"),
    "VAR_SAMP": _renamed("var_samp", 1, kind="FLOAT64"),
}
