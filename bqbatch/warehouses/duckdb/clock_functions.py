"""GoogleSQL's functions of times of day in DuckDB's words."""

from __future__ import annotations

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import Refused, between, macro, number
from bqbatch.warehouses.duckdb.time_functions import CLOCK_PARTS, MICROSECONDS, part_of


def clock(arguments: list[exp.Expr]) -> exp.Expr:
    """TIME(hour, minute, second), or of a DATETIME or TIMESTAMP."""
    if len(arguments) == 3:
        return macro("make_time", *arguments)
    between(arguments, 1, 1)
    return macro("time_of", arguments[0])


def time_diff(arguments: list[exp.Expr]) -> exp.Expr:
    """How many borders between parts of the day lie between two times of day."""
    between(arguments, 3, 3)
    name, _ = part_of(arguments[2])
    if name not in CLOCK_PARTS:
        raise Refused(f"it does not take {name}", "it takes MICROSECOND to HOUR")
    size = number(MICROSECONDS[name])
    later, earlier = (
        exp.IntDiv(this=macro("microseconds_of_day", argument), expression=size.copy()) for argument in arguments[:2]
    )
    return exp.Paren(this=exp.Sub(this=exp.Paren(this=later), expression=exp.Paren(this=earlier)))


def clock_trunc(arguments: list[exp.Expr]) -> exp.Expr:
    """The start of the part of the day that a time is in."""
    between(arguments, 2, 2)
    name, _ = part_of(arguments[1])
    if name not in CLOCK_PARTS:
        raise Refused(f"it does not take {name}", "it takes MICROSECOND to HOUR")
    return macro("clock_trunc", arguments[0], number(MICROSECONDS[name]))
