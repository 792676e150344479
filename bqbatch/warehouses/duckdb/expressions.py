"""Pieces of DuckDB's SQL as trees, with what is known of their types."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

Builder = Callable[[list[exp.Expr]], exp.Expr]


class Refused(Exception):
    """Arguments that the embedded engine does not take; the message says which, the hint what to write."""

    def __init__(self, message: str, hint: str = "see sql/README.md; or run on BigQuery") -> None:
        super().__init__(message)
        self.hint = hint


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a DuckDB function or of one of the native macros."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def macro(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a macro of macros.sql."""
    return call(f"googlesql.{name}", *arguments)


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def number_of(digits: str) -> exp.Expr:
    """A number as it was written, which need not fit in a float."""
    return exp.Literal.number(digits)


def cast(value: exp.Expr, to: str) -> exp.Cast:
    return exp.Cast(this=value, to=_type(to).copy())


@functools.cache
def _type(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect="duckdb")


def bracketed(node: exp.Expr) -> exp.Expr:
    return exp.Paren(this=node) if isinstance(node, (exp.Binary, exp.Unary)) else node


def shown(node: exp.Expr) -> exp.Literal:
    """A few words of an expression, for the message of a call that fails: as it was written, where that is known."""
    said = node.meta.get("said") or node.sql(dialect="bigquery", comments=False)
    return text(said[:60].replace("`", ""))


# What is known of types without asking: INT64, FLOAT64, JSON, STRING, or nothing.


def known(node: exp.Expr, kind: str) -> exp.Expr:
    """The expression, marked as one of this type."""
    node.meta["kind"] = kind
    return node


def kind_of(node: exp.Expr) -> str:
    """The type of an expression where it can be told from its text, else nothing."""
    if isinstance(node, (exp.Paren, exp.Neg)):
        return kind_of(node.this)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        kinds = {kind_of(node.left), kind_of(node.right)}
        return "FLOAT64" if "FLOAT64" in kinds else "INT64" if kinds == {"INT64"} else ""
    return str(node.meta.get("kind", ""))


def literal_of(node: exp.Expr) -> str:
    """The text of a literal such as 1.5, which is FLOAT64 unless it stands beside a NUMERIC."""
    if isinstance(node, exp.Neg) and "decimals" in node.this.meta:
        return f"-{node.this.meta['decimals']}"
    return str(node.meta.get("decimals", ""))


def beside(values: Sequence[exp.Expr]) -> list[exp.Expr]:
    """The expressions, with literals such as 1.5 of the type of those that are none."""
    other = next((value for value in values if not literal_of(value) and not _is_plain(value)), None)
    if other is None or kind_of(other) in ("FLOAT64", "INT64"):
        return list(values)
    return [
        macro("as_number", other.copy(), text(literal_of(value))) if literal_of(value) else value for value in values
    ]


def _is_plain(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Literal, exp.Null)) or kind_of(node) == "INT64"


# Arguments.


def between(arguments: Sequence[object], low: int, high: int) -> None:
    if not low <= len(arguments) <= high:
        raise Refused("it takes another number of arguments here", "leave out what is not needed")


def string_literal(node: exp.Expr, what: str, hint: str) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise Refused(f"the embedded engine takes {what} as a literal", hint)
    return str(node.name)


# A macro that has a body for each type can't take an aggregate, a window function or a parameter: their types are not
# known yet when DuckDB chooses the body. A list of one item gives the value a name first.

_AGGREGATES = {
    "any_value", "arg_max_null", "arg_min_null", "array_agg", "avg", "bool_and", "bool_or", "count", "first_value", "lag",
    "last_value", "lead", "max", "min", "nth_value", "string_agg", "sum", "row_number", "rank", "dense_rank", "ntile",
    "percent_rank", "cume_dist", "stddev_samp", "stddev_pop", "var_samp", "var_pop", "corr", "covar_samp", "covar_pop",
    "bit_and", "bit_or", "bit_xor", "quantile_cont", "quantile_disc", "grouping",
}  # fmt: skip
_UNTYPED = {"googlesql.total": range(1, 9), "googlesql.mean": range(1, 9)}  # their arguments that need no type


def is_aggregate(node: exp.Expr) -> bool:
    """Whether an expression holds an aggregate or a window function of its own query."""
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, (exp.Window, exp.Filter)) or (isinstance(node, exp.Anonymous) and node.name in _AGGREGATES):
        return True
    return any(is_aggregate(child) for child in node.iter_expressions())


def named_first(node: exp.Anonymous, names: Iterator[str]) -> exp.Expr:
    """The call of a macro, its arguments that aggregate named first, and those that it would compute several times."""
    untyped = _UNTYPED.get(node.name, ())
    made: exp.Expr = node
    for index, argument in enumerate(list(node.expressions)):
        costs = node.name in _REPEATING and index == 0 and _is_made(argument)
        if index not in untyped and (costs or is_aggregate(argument)):
            name = next(names)
            argument.replace(exp.column(name))
            item = exp.Comprehension(
                this=made, expression=exp.to_identifier(name), iterator=exp.Array(expressions=[argument])
            )
            made = call("list_extract", exp.Array(expressions=[item]), number(1))
    return made


# DuckDB computes equal expressions once, but not those in a branch of a CASE.
_REPEATING = ("googlesql.round_to", "googlesql.cast_string", "googlesql.upper", "googlesql.lower")


def _is_made(node: exp.Expr) -> bool:
    """Whether a value is computed, and is no whole number, whose text is."""
    return not isinstance(node, (exp.Column, exp.Literal, exp.Cast)) and kind_of(node) not in ("INT64", "STRING")


# In a LATERAL a macro that has types can't take a column of the other side (DuckDB 2.0: "unordered_map::at"), but an item of
# a list can be that column.


def lateral_first(tree: exp.Expr, names: Iterator[str]) -> None:
    """Gives the columns that a macro in a LATERAL takes a name first."""
    for lateral in tree.find_all(exp.Lateral):
        calls = [found for found in lateral.find_all(exp.Anonymous) if found.name == "unnest"]
        for found in calls:
            value = found.expressions[0]
            if any(part.name.startswith("googlesql.") for part in value.find_all(exp.Anonymous)) and not value.find(
                exp.Query
            ):
                found.set("expressions", [_columns_named(value, names), *found.expressions[1:]])


def _columns_named(value: exp.Expr, names: Iterator[str]) -> exp.Expr:
    lambdas = list(value.find_all(exp.Comprehension))
    known_names = {part.name for inner in lambdas for part in (inner.expression, inner.args.get("position")) if part}
    holder = exp.Paren(this=value)
    given: dict[str, exp.Expr] = {}
    renamed: dict[str, str] = {}
    for column in list(holder.find_all(exp.Column)):
        if column.table or column.name not in known_names:
            written = column.sql()
            renamed.setdefault(written, next(names))
            given.setdefault(renamed[written], column.copy())
            column.replace(exp.column(renamed[written]))
    made: exp.Expr = holder.this
    for name, outer in given.items():
        item = exp.Comprehension(this=made, expression=exp.to_identifier(name), iterator=exp.Array(expressions=[outer]))
        made = call("list_extract", exp.Array(expressions=[item]), number(1))
    return made
