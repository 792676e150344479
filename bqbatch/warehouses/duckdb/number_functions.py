"""GoogleSQL's functions of numbers in DuckDB's words."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import (
    Builder,
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


def rounded(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 2)
    return macro("round" if len(arguments) == 1 else "round_to", *arguments)


def mod(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    kind = "INT64" if {kind_of(argument) for argument in arguments} == {"INT64"} else ""
    left, right = beside(arguments)
    return known(exp.Paren(this=exp.Mod(this=bracketed(left), expression=bracketed(right))), kind)


def div(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return macro("div", *beside(arguments))


def safe_divide(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return macro("safe_divide", *beside(arguments))


def extreme(name: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        values = beside(arguments)
        copies = [value.copy() for value in values]
        return macro("unless_null", call(name, *values), exp.Array(expressions=copies))

    return build


def logarithm(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 2)
    return known(macro("ln" if len(arguments) == 1 else "log", *arguments), "FLOAT64")


def safe(name: str) -> Builder:
    """An operation of two numbers that gives NULL where it overflows."""

    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 2, 2)
        return macro(name, *beside(arguments))

    return build


def safe_negate(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    return macro("safe_subtract", cast(number(0), "BIGINT"), arguments[0])


def bits(operation: type[exp.Binary]) -> Callable[[exp.Binary], exp.Expr]:
    """An operator of bits, which DuckDB reads with other operators' ranks."""
    return lambda node: exp.Paren(this=operation(this=bracketed(node.left), expression=bracketed(node.right)))


def exclusive_or(node: exp.Binary) -> exp.Expr:
    return call("xor", node.left, node.right)
