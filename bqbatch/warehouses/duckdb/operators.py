"""GoogleSQL's operators in DuckDB's words."""

from __future__ import annotations

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import Refused, beside, cast, kind_of, known, macro, number_of, text


def plus_or_minus(node: exp.Binary) -> exp.Expr:
    if "STRING" in (kind_of(node.left), kind_of(node.right)):
        raise Refused("a STRING is no number", "write CONCAT(a, b), or CAST(x AS INT64)")
    left, right = beside([node.left, node.right])
    numbers = [kind_of(side) in ("INT64", "FLOAT64", "NUMERIC") for side in (left, right)]
    if isinstance(node, exp.Sub) and not any(numbers) and "interval" not in right.meta:
        return macro("minus", _plain(left), _plain(right))
    made = type(node)(this=left if numbers[1] else _small(left), expression=right if numbers[0] else _small(right))
    return known(made, "NUMERIC") if "NUMERIC" in (kind_of(left), kind_of(right)) and all(numbers) else made


def _small(node: exp.Expr) -> exp.Expr:
    """A whole number beside what may be a DATE: DuckDB adds no wide number of days."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.name.isdigit():
        return node.this if int(node.this.name) < 2**31 else node
    return node


def product(node: exp.Mul) -> exp.Expr:
    left, right = beside([node.left, node.right])
    if {kind_of(left), kind_of(right)} & {"INT64", "FLOAT64"}:
        return exp.Mul(this=left, expression=right)
    return macro("multiply", _plain(left), _plain(right))


def division(node: exp.Div) -> exp.Expr:
    """`/` is never whole-number division in GoogleSQL, and by zero it is an error."""
    left, right = beside([node.left, node.right])
    kinds = {kind_of(left), kind_of(right)}
    if "FLOAT64" in kinds or kinds == {"INT64"}:
        if isinstance(right, exp.Cast) and isinstance(right.this, exp.Literal) and float(right.this.name):
            return known(exp.Div(this=left, expression=right, typed=False, safe=False), "FLOAT64")
        return known(macro("quotient", _plain(left), _plain(right)), "FLOAT64")
    return macro("divide", _plain(left), _plain(right))


def joined(node: exp.DPipe) -> exp.Expr:
    return exp.DPipe(this=_text(node.this), expression=_text(node.expression), safe=False)


def _text(node: exp.Expr) -> exp.Expr:
    return cast(node, "VARCHAR") if isinstance(node, exp.Null) else node


def _plain(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Paren) else node


def like(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node.parent, exp.Escape) else exp.Escape(this=node, expression=text("\\"))


def negative(node: exp.Neg) -> exp.Expr:
    if isinstance(node.this, exp.Literal) and node.this.name == str(2**63):
        return known(cast(exp.Neg(this=number_of(node.this.name)), "BIGINT"), "INT64")
    return node
