"""GoogleSQL's functions of dates and times in DuckDB's words."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import (
    Builder,
    Refused,
    between,
    bracketed,
    call,
    cast,
    known,
    macro,
    number,
    text,
)
from bqbatch.warehouses.duckdb.time_zones import in_zone

WEEKDAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
_DATE_PARTS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_TIME_PARTS = ("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY")
CLOCK_PARTS = _TIME_PARTS[:-1]
MICROSECONDS = {
    "MICROSECOND": 1, "MILLISECOND": 1000, "SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6, "DAY": 86400 * 10**6,
}  # fmt: skip


def part_of(node: exp.Expr) -> tuple[str, int]:
    """The name of a part such as MONTH or WEEK(MONDAY), and the weekday that its weeks start on."""
    if isinstance(node, exp.Anonymous) and node.name.upper() == "WEEK" and len(node.expressions) == 1:
        first = node.expressions[0].name.upper()
        if first in WEEKDAYS:
            return "WEEK", WEEKDAYS.index(first)
    name = node.name.upper()
    return ("WEEK", 1) if name == "ISOWEEK" else (name, 0)


def interval(node: exp.Interval) -> exp.Expr:
    """An INTERVAL of a number that may be an expression, marked with its part."""
    unit = node.args.get("unit")
    name, amount = unit.name.upper() if unit is not None else "", node.this
    if name not in _DATE_PARTS and name not in _TIME_PARTS:
        raise Refused(
            f"an INTERVAL of {name or 'several parts'} is not taken", "write INTERVAL n DAY, one part at a time"
        )
    if isinstance(amount, exp.Literal) and amount.is_string:  # which is how sqlglot reads a number here
        if not amount.name.lstrip("-").isdigit():
            raise Refused("an INTERVAL is a number of parts here", "write INTERVAL n DAY, one part at a time")
        amount = exp.Literal.number(amount.name)
    if name == "QUARTER":
        made = call("to_months", cast(exp.Mul(this=bracketed(amount), expression=number(3)), "INTEGER"))
    elif name in _DATE_PARTS:
        made = call(f"to_{name.lower()}s", cast(amount, "INTEGER"))
    else:
        scale = number(MICROSECONDS[name])
        made = call("to_microseconds", exp.Mul(this=bracketed(cast(amount, "BIGINT")), expression=scale))
    made.meta["interval"] = name
    return made


_MOVED = {
    "TIME": ("moved_time", CLOCK_PARTS),
    "DATE": ("moved_date", _DATE_PARTS),
    "DATETIME": ("moved_datetime", (*_DATE_PARTS, *CLOCK_PARTS)),
    "TIMESTAMP": ("moved_timestamp", _TIME_PARTS),
}


def moved(kind: str, sign: int) -> Builder:
    """DATE_ADD and DATE_SUB and their like, with the parts that each takes."""
    name, parts = _MOVED[kind]

    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 2, 2)
        by = arguments[1]
        unit = str(by.meta.get("interval", ""))
        if unit not in parts:
            raise Refused(f"it takes an INTERVAL of {', '.join(parts)}", f"write INTERVAL n {parts[0]}")
        value = arguments[0] if kind == "TIME" else moment(f"a_{kind.lower()}", arguments[0])
        return macro(name, value, by if sign > 0 else exp.Neg(this=by))

    return build


def date(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 3)
    if len(arguments) == 3:
        return call("make_date", *arguments)
    if len(arguments) == 2:
        return cast(in_zone(*arguments), "DATE")
    value = arguments[0]
    if isinstance(value, exp.Literal) and value.is_string:
        if not re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", value.name):
            raise Refused("its text is no date", "write DATE '2024-12-31' or SAFE_CAST(x AS DATE)")
        return cast(value, "DATE")
    return macro("date_of", value)


def datetime(arguments: list[exp.Expr]) -> exp.Expr:
    """DATETIME(year, month, day, hour, minute, second), of a date and a time, or of a TIMESTAMP in a time zone."""
    if len(arguments) == 6:
        return macro("make_datetime", *arguments)
    if len(arguments) == 1:
        return macro("datetime_of", arguments[0])
    between(arguments, 2, 2)
    zoned = isinstance(arguments[1], exp.Literal)
    return in_zone(*arguments) if zoned else macro("datetime_with", *arguments)


def converted(name: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        if len(arguments) != 1:
            raise Refused("it takes one argument here", "CAST(x AS TIMESTAMP) of text in UTC; or run on BigQuery")
        return macro(name, arguments[0])

    return build


def _whole(truncated: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda value: cast(call("date_trunc", text(truncated), value), "DATE")


def truncated(value: exp.Expr, part: exp.Expr) -> exp.Expr:
    """The first day of the part of the calendar that a date is in."""
    name, first = part_of(part)
    match name:
        case "DAY":
            return value
        case "WEEK":
            return exp.Paren(this=macro("week_start", value, number(first)))
        case "ISOYEAR":
            return macro("iso_year_start", value)
        case "MONTH" | "QUARTER" | "YEAR":
            return _whole(name.lower())(value)
    raise Refused(
        f"it does not take {name}", "it takes DAY, WEEK, WEEK(MONDAY), ISOWEEK, MONTH, QUARTER, YEAR and ISOYEAR"
    )


_LITERALS = {"a_date": "DATE", "a_datetime": "DATETIME", "a_timestamp": "TIMESTAMP"}


def moment(name: str, value: exp.Expr) -> exp.Expr:
    """A value as a DATE, DATETIME or TIMESTAMP, which a literal of text may stand for."""
    if isinstance(value, exp.Literal) and value.is_string:
        kind = _LITERALS[name]
        return macro("made", macro(f"safe_{kind.lower()}", value), value.copy(), text(kind))
    return macro(name, value)


def date_trunc(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return truncated(moment("a_date", arguments[0]), arguments[1])


def time_trunc(name: str, to: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        if len(arguments) == 3:
            raise Refused("it knows no time zones but UTC", "write DATETIME_TRUNC(DATETIME(x, 'Europe/Paris'), DAY)")
        between(arguments, 2, 2)
        value = moment(name, arguments[0])
        part = part_of(arguments[1])[0]
        if part in _TIME_PARTS:
            return call("date_trunc", text(part.lower()), value)
        return cast(truncated(cast(value, "DATE"), arguments[1]), to)

    return build


def last_day(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 2)
    part = arguments[1] if len(arguments) > 1 else exp.column("MONTH")
    name = part_of(part)[0]
    steps = {"MONTH": ("to_months", 1), "QUARTER": ("to_months", 3), "YEAR": ("to_years", 1), "WEEK": ("to_days", 7)}
    if name not in steps:
        raise Refused(f"it does not take {name}", "it takes WEEK, WEEK(MONDAY), ISOWEEK, MONTH, QUARTER and YEAR")
    step, amount = steps[name]
    following = exp.Add(this=truncated(macro("date_of", arguments[0]), part), expression=call(step, number(amount)))
    return cast(exp.Paren(this=exp.Sub(this=following, expression=call("to_days", number(1)))), "DATE")


def date_diff(arguments: list[exp.Expr]) -> exp.Expr:
    """How many borders between parts of the calendar lie between two dates."""
    between(arguments, 3, 3)
    later, earlier = (moment("a_date", argument) for argument in arguments[:2])
    return _calendar_diff(later, earlier, arguments[2])


def _calendar_diff(later: exp.Expr, earlier: exp.Expr, part: exp.Expr) -> exp.Expr:
    name, _ = part_of(part)
    if name == "ISOYEAR":
        return exp.Paren(this=exp.Sub(this=call("isoyear", later), expression=call("isoyear", earlier)))
    if name in ("MONTH", "QUARTER", "YEAR"):
        return call("date_diff", text(name.lower()), earlier, later)
    days = exp.Paren(this=exp.Sub(this=truncated(later, part), expression=truncated(earlier, part)))
    return days if name == "DAY" else call("divide", days, number(7))


def timestamp_diff(arguments: list[exp.Expr]) -> exp.Expr:
    """How many whole parts of time lie between two timestamps."""
    between(arguments, 3, 3)
    name, _ = part_of(arguments[2])
    if name not in _TIME_PARTS:
        raise Refused(f"it does not take {name}", "write DATE_DIFF(DATE(a), DATE(b), MONTH)")
    later, earlier = (call("epoch_us", moment("a_timestamp", argument)) for argument in arguments[:2])
    microseconds = exp.Paren(this=exp.Sub(this=later, expression=earlier))
    return microseconds if name == "MICROSECOND" else call("divide", microseconds, number(MICROSECONDS[name]))


def datetime_diff(arguments: list[exp.Expr]) -> exp.Expr:
    """How many borders between parts lie between two datetimes."""
    between(arguments, 3, 3)
    later, earlier = (moment("a_datetime", argument) for argument in arguments[:2])
    name, _ = part_of(arguments[2])
    if name in CLOCK_PARTS:
        return call("date_diff", text(name.lower()), earlier, later)
    return _calendar_diff(cast(later, "DATE"), cast(earlier, "DATE"), arguments[2])


def extract(node: exp.Extract) -> exp.Expr:
    """EXTRACT(part FROM x); parts of a second without its whole seconds, weekdays from 1 = Sunday."""
    value = node.expression
    name, first = part_of(node.this)
    if node.this.name.upper() == "ISOWEEK":
        return call("week", value)
    match name:
        case "YEAR" | "QUARTER" | "MONTH" | "DAY" | "HOUR" | "MINUTE" | "SECOND" | "DAYOFYEAR" | "ISOYEAR":
            return known(call(name.lower(), value), "INT64")
        case "DAYOFWEEK":
            return known(exp.Paren(this=exp.Add(this=call("dayofweek", value), expression=number(1))), "INT64")
        case "WEEK":
            return known(macro("week", value, number(first)), "INT64")
        case "MILLISECOND":
            return known(exp.Paren(this=exp.Mod(this=call("millisecond", value), expression=number(1000))), "INT64")
        case "MICROSECOND":
            return known(exp.Paren(this=exp.Mod(this=call("microsecond", value), expression=number(10**6))), "INT64")
        case "DATE":
            return macro("date_of", value)
        case "TIME":
            return macro("safe_time", value)
    raise Refused(
        f"the embedded engine does not extract {name}",
        "it extracts YEAR to MICROSECOND, WEEK, DAYOFWEEK, DATE and TIME",
    )


def unix(microseconds: int) -> Builder:
    """How many seconds or parts of one have passed since 1970, rounded down."""

    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 1, 1)
        return macro("whole_parts", call("epoch_us", moment("a_timestamp", arguments[0])), number(microseconds))

    return build


def timestamp_of(microseconds: int) -> Builder:
    """The timestamp that many seconds or parts of one after the start of 1970."""

    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 1, 1)
        since = exp.Mul(this=bracketed(cast(arguments[0], "BIGINT")), expression=number(microseconds))
        return macro("time_within", cast(call("make_timestamp", since), "TIMESTAMPTZ"))

    return build


def unix_date(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    return exp.Paren(this=exp.Sub(this=moment("a_date", arguments[0]), expression=cast(text("1970-01-01"), "DATE")))


def date_from_unix_date(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    epoch = cast(text("1970-01-01"), "DATE")
    return macro("date_within", exp.Paren(this=exp.Add(this=epoch, expression=cast(arguments[0], "INTEGER"))))


def generate_date_array(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 3)
    step = arguments[2] if len(arguments) == 3 else call("to_days", number(1))
    ends = [moment("a_date", argument) for argument in arguments[:2]]
    if step.meta.get("interval", "DAY") in ("DAY", "WEEK"):
        return macro("generate_date_array", *ends, step)
    return macro("generate_month_array", *ends, step)


def generate_timestamp_array(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 3, 3)
    return macro("generate_timestamp_array", *arguments)
