"""PIVOT and UNPIVOT said with GROUP BY and UNNEST, which both engines answer alike."""

from __future__ import annotations

from sqlglot import exp

from bqbatch.errors import Unsupported
from bqbatch.warehouses.duckdb.allowed import start
from bqbatch.warehouses.duckdb.expressions import text

# What passes over a NULL, so that a row of another column of the pivot counts for nothing.
_AGGREGATES = {"ANY_VALUE", "AVG", "COUNT", "COUNTIF", "LOGICAL_AND", "LOGICAL_OR", "MAX", "MIN", "STRING_AGG", "SUM"}


def pivoted(node: exp.Expr) -> exp.Expr:
    """A table with PIVOT or UNPIVOT as a subquery."""
    pivots = node.args.get("pivots") if isinstance(node, (exp.Table, exp.Subquery)) else None
    if not pivots:
        return node
    (pivot,) = pivots
    alias = pivot.args.get("alias")
    source = node.copy()
    source.set("pivots", None)
    if len(pivot.args["fields"]) != 1:
        raise Unsupported("PIVOT takes one FOR", "write SUM(IF(k = 'a', x, NULL)) AS a", offset=start(node))
    made = _unpivot(source, pivot) if pivot.args.get("unpivot") else _pivot(source, pivot)
    return exp.Subquery(this=made, alias=exp.TableAlias(this=alias.this.copy()) if alias else None)


def _pivot(source: exp.Expr, pivot: exp.Pivot) -> exp.Select:
    (field,) = pivot.args["fields"]
    key = field.this
    if len(pivot.expressions) > 1 and not all(aggregate.alias for aggregate in pivot.expressions):
        raise Unsupported("several aggregates in PIVOT need names", "write SUM(x) AS total", offset=start(key))
    used = {column.name: column for part in (key, *pivot.expressions) for column in part.find_all(exp.Column)}
    columns: list[exp.Expr] = [exp.Star(except_=[exp.to_identifier(name) for name in used])]
    for value in field.expressions:
        named = value.args["alias"].name if isinstance(value, exp.PivotAlias) else ""
        value = value.this if isinstance(value, exp.PivotAlias) else value
        for aggregate in pivot.expressions:
            prefix = aggregate.alias
            name = "_".join(filter(None, (prefix, named or _name_of(value, bool(prefix)))))
            chosen: exp.Expr = exp.EQ(this=key.copy(), expression=value.copy())
            if isinstance(value, exp.Null):
                chosen = exp.Is(this=key.copy(), expression=exp.null())
            columns.append(exp.alias_(_only(aggregate.unalias().copy(), chosen), name, quoted=True))
    made = exp.Select(expressions=columns).from_(source, copy=False)
    made.set("group", exp.Group(all=True))
    return made


def _only(aggregate: exp.Expr, chosen: exp.Expr) -> exp.Expr:
    """An aggregate of the rows of one column."""
    if not isinstance(aggregate, exp.Anonymous) or aggregate.name.upper() not in _AGGREGATES:
        raise Unsupported(
            "the embedded engine takes other aggregates in PIVOT",
            f"it takes {', '.join(sorted(_AGGREGATES))}",
            offset=start(aggregate),
        )
    value, *more = aggregate.expressions
    if isinstance(value, exp.Star):
        return exp.Anonymous(this="COUNTIF", expressions=[chosen])
    if isinstance(value, (exp.Order, exp.Limit, exp.IgnoreNulls, exp.Distinct, exp.HavingMax)):
        raise Unsupported(
            "PIVOT takes plain aggregates here", "write SUM(IF(k = 'a', x, NULL)) AS a", offset=start(aggregate)
        )
    kept = exp.If(this=chosen, true=value, false=exp.null())
    return exp.Anonymous(this=aggregate.name, expressions=[kept, *more])


def _name_of(value: exp.Expr, prefixed: bool) -> str:
    """The name of a column of the pivot: the text of a STRING, _1 or, after a prefix, 1 of a number."""
    if isinstance(value, exp.Literal):
        if value.is_string:
            return str(value.name)
        if value.name.isdigit():
            return str(value.name) if prefixed else f"_{value.name}"
    raise Unsupported("a value of PIVOT needs a name here", "write IN (value AS name)", offset=start(value))


def _unpivot(source: exp.Expr, pivot: exp.Pivot) -> exp.Select:
    (field,) = pivot.args["fields"]
    value, label = pivot.expressions[0], field.this
    if len(pivot.expressions) != 1 or isinstance(value, exp.Tuple):
        raise Unsupported(
            "UNPIVOT takes one value here", "write UNNEST([STRUCT(a AS v), STRUCT(b)])", offset=start(value)
        )
    items: list[exp.Expr] = []
    names: list[exp.Expr] = []
    for item in field.expressions:
        column = item.this if isinstance(item, exp.PivotAlias) else item
        said = item.args["alias"] if isinstance(item, exp.PivotAlias) else None
        if not isinstance(column, exp.Column) or (said is not None and not said.is_string):
            raise Unsupported(
                "UNPIVOT takes columns with names that are text", "write (a AS 'a', b)", offset=start(item)
            )
        names.append(exp.to_identifier(column.name))
        fields = [
            exp.PropertyEQ(
                this=exp.to_identifier(value.name, quoted=True), expression=exp.column(column.name, "bqb_source")
            ),
            exp.PropertyEQ(
                this=exp.to_identifier(label.name, quoted=True), expression=text(said.name if said else column.name)
            ),
        ]
        items.append(exp.Struct(expressions=fields))
    source.set("alias", exp.TableAlias(this=exp.to_identifier("bqb_source")))
    star = exp.Column(this=exp.Star(except_=names), table=exp.to_identifier("bqb_source"))
    columns = [star, *(exp.column(part.name, "bqb_unpivot", quoted=True) for part in (value, label))]
    unnest = exp.Unnest(
        expressions=[exp.Array(expressions=items)], alias=exp.TableAlias(columns=[exp.to_identifier("bqb_unpivot")])
    )
    made = exp.Select(expressions=columns).from_(source, copy=False).join(unnest, join_type="cross", copy=False)
    if not pivot.args.get("include_nulls"):
        made = made.where(exp.column(value.name, "bqb_unpivot").is_(exp.null()).not_(), copy=False)
    return made
