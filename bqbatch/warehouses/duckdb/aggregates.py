"""GoogleSQL's aggregate functions in DuckDB's words."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import (
    Builder,
    Refused,
    between,
    call,
    cast,
    is_aggregate,
    kind_of,
    known,
    macro,
    number,
    text,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands in the brackets of an aggregate: DISTINCT x, y IGNORE NULLS ORDER BY z LIMIT n."""

    values: list[exp.Expr]
    distinct: bool
    ignores_nulls: bool
    order: exp.Order | None
    limit: exp.Expr | None


def parts_of(arguments: list[exp.Expr]) -> Parts:
    values = list(arguments)
    order, limit, distinct, ignores = None, None, False, False
    last = values[-1]
    if isinstance(last, exp.Limit):
        limit, last = last.expression, last.this
    if isinstance(last, exp.Order):
        order, last = exp.Order(expressions=last.expressions), last.this
    values[-1:] = [last]
    if isinstance(values[-1], (exp.IgnoreNulls, exp.RespectNulls)):
        ignores = isinstance(values[-1], exp.IgnoreNulls)
        values[-1:] = [values[-1].this]
    if isinstance(values[0], exp.Distinct):
        distinct = True
        values[:1] = values[0].expressions
    return Parts(values, distinct, ignores, order, limit)


def _listed(parts: Parts, drops_nulls: bool) -> exp.Expr:
    value = parts.values[0]
    inner: exp.Expr = exp.Distinct(expressions=[value.copy()]) if parts.distinct else value.copy()
    if parts.order:
        inner = exp.Order(this=inner, expressions=[item.copy() for item in parts.order.expressions])
    made: exp.Expr = call("array_agg", inner)
    if drops_nulls:
        present = exp.Not(this=exp.Is(this=exp.Paren(this=value.copy()), expression=exp.null()))
        made = exp.Filter(this=made, expression=exp.Where(this=present))
    return call("list_slice", made, number(1), parts.limit.copy()) if parts.limit else made


def array_agg(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    parts = parts_of(arguments)
    return _listed(parts, parts.ignores_nulls)


def string_agg(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 2)
    parts = parts_of(arguments)
    separator = parts.values[1] if len(parts.values) > 1 else text(",")
    if parts.distinct or parts.limit:
        return call("array_to_string", _listed(parts, drops_nulls=True), separator)
    last = exp.Order(this=separator, expressions=parts.order.expressions) if parts.order else separator
    return known(call("string_agg", parts.values[0], last), "STRING")


def countif(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    if isinstance(arguments[0], exp.Distinct):
        raise Refused("DISTINCT is not taken", "write COUNT(DISTINCT IF(condition, x, NULL))")
    return known(exp.Filter(this=call("count", exp.Star()), expression=exp.Where(this=arguments[0])), "INT64")


def any_value(arguments: list[exp.Expr]) -> exp.Expr:
    having = arguments[0]
    if isinstance(having, exp.HavingMax):
        return call("arg_max_null" if having.args.get("max") else "arg_min_null", having.this, having.expression)
    return call("any_value", having)


def array_concat_agg(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    parts = parts_of(arguments)
    if parts.distinct or parts.limit:
        raise Refused("DISTINCT and LIMIT are not taken", "aggregate in a subquery")
    return call("flatten", _listed(parts, drops_nulls=True))


def percentile(name: str) -> Builder:
    """PERCENTILE_CONT and PERCENTILE_DISC, which stand with OVER only."""

    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 2, 2)
        share = arguments[1].this if isinstance(arguments[1], exp.Cast) else arguments[1]
        if not isinstance(share, exp.Literal):
            raise Refused("the embedded engine takes a share as a literal", "write it out, and no RESPECT NULLS: 0.5")
        return known(call(name, arguments[0], arguments[1]), "FLOAT64" if name.endswith("cont") else "")

    return build


def total(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    return macro("total", _summed(arguments[0]), call("sum", arguments[0]))


def mean(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    value = arguments[0]
    made = macro("mean", _summed(value), call("avg", value), call("sum", value.copy()), call("count", value.copy()))
    return known(made, "")


def _summed(value: exp.Expr) -> exp.Expr:
    """An expression of the type of what is summed, in which nothing is aggregated."""
    inner = value.expressions[0] if isinstance(value, exp.Distinct) else value
    if not is_aggregate(inner):
        return inner.copy()
    if isinstance(inner, exp.Anonymous) and inner.name in ("googlesql.total", "googlesql.mean", "max", "min"):
        first: exp.Expr = inner.expressions[0]
        return first.copy()
    if kind_of(inner) == "INT64":
        return cast(exp.null(), "BIGINT")
    raise Refused("the type of an aggregate of this aggregate can't be told", "aggregate the inner one in a subquery")
