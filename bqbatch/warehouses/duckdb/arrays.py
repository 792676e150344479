"""Queries over UNNEST in DuckDB's words: as list comprehensions where that answers the same, since no row is joined then."""

from __future__ import annotations

from sqlglot import exp

from bqbatch.errors import Unsupported
from bqbatch.warehouses.duckdb.allowed import start
from bqbatch.warehouses.duckdb.expressions import call, number, text

_POSITION = "bqb_position"


def _unnest_of(query: exp.Expr | None) -> tuple[exp.Unnest, str, str] | None:
    """The only source of a SELECT, where that is `UNNEST(list) AS item [WITH OFFSET AS position]`."""
    if not isinstance(query, exp.Select) or query.args.get("joins") or query.args.get("group"):
        return None
    source = query.args.get("from_")
    unnest = source.this if source else None
    if not isinstance(unnest, exp.Unnest) or len(unnest.expressions) != 1:
        return None
    item = _alias_of(unnest)
    return (unnest, item, _position_of(unnest)) if item else None


def _alias_of(unnest: exp.Unnest) -> str:
    alias = unnest.args.get("alias")
    return str(alias.columns[0].name if alias and alias.columns else alias.name if alias else "")


def _position_of(unnest: exp.Unnest) -> str:
    offset = unnest.args.get("offset")
    return (offset.name if isinstance(offset, exp.Expr) else "") or ("offset" if offset else "")


def _comprehension(query: exp.Expr, body: exp.Expr) -> exp.Expr | None:
    """`[body FOR item IN list IF condition]` for a SELECT over one array, in the array's order."""
    found = _unnest_of(query)
    order = query.args.get("order")
    if not found or any(query.args.get(part) for part in ("limit", "offset", "having", "distinct", "qualify", "kind")):
        return None
    unnest, item, position = found
    if order and not _follows(order, position):
        return None
    where = query.args.get("where")
    parts = [body, *([where.this] if where else [])]
    if any(not _stays(part, item, position) for part in parts):
        return None
    return _listed(body, item, position, unnest.expressions[0], where.this if where else None)


def _follows(order: exp.Expr, position: str) -> bool:
    return [(key.this.name, bool(key.args.get("desc"))) for key in order.expressions] == [(position, False)]


def _stays(part: exp.Expr, item: str, position: str) -> bool:
    """Whether a part of a query means the same inside a lambda: no query in it, and no name that might be a field's."""
    if part.find(exp.Query, exp.Exists, exp.Window):
        return False
    known = {item, position}
    for inner in part.find_all(exp.Comprehension):
        known |= {inner.expression.name, *([inner.args["position"].name] if inner.args.get("position") else [])}
    return all(column.table or column.name in known for column in part.find_all(exp.Column) if not _is_word(column))


def _is_word(column: exp.Column) -> bool:
    """Whether a name stands for itself, as MONTH does in DATE_TRUNC(x, MONTH)."""
    return isinstance(column.parent, exp.Anonymous) and column.name.isupper() and column.arg_key == "expressions"


def _listed(body: exp.Expr, item: str, position: str, items: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    made = exp.Comprehension(this=body, expression=exp.to_identifier(item), iterator=items, condition=condition)
    if any(column.name == position for column in made.find_all(exp.Column)):
        for column in list(made.find_all(exp.Column)):
            if column.name == position and not column.table:
                counted = exp.Paren(this=exp.Sub(this=exp.column(position, quoted=True), expression=number(1)))
                if column is made.this:
                    made.set("this", counted)
                else:
                    column.replace(counted)
        made.set("position", exp.to_identifier(position, quoted=True))
    return exp.Array(expressions=[made])


def innermost_first(tree: exp.Expr) -> exp.Expr:
    """The tree with its queries over arrays rewritten, those inside of others first."""
    for node in reversed(list(tree.find_all(exp.Array, exp.Exists, exp.Subquery))):
        change = _CHANGES[type(node)]
        made = change(node)
        if made is not node:
            node.replace(made)
    return tree


def _array(node: exp.Expr) -> exp.Expr:
    """ARRAY(SELECT f(e) FROM UNNEST(list) AS e …) as a list comprehension, any other as a subquery."""
    if not isinstance(node, exp.Array) or len(node.expressions) != 1:
        return node
    query = node.expressions[0]
    query = query.this if isinstance(query, exp.Subquery) else query
    if not isinstance(query, exp.Query):
        return node
    if isinstance(query, exp.Select) and query.args.get("kind"):
        query = as_struct(query)
    if isinstance(query, exp.Select) and (made := _comprehension(query, query.expressions[0].unalias())):
        (items,) = (comprehension.args["iterator"] for comprehension in made.expressions)
        return call("coalesce", made, exp.Array()) if not isinstance(items, exp.Array) else made
    return exp.Array(expressions=[_in_order(query)])


def as_struct(query: exp.Select) -> exp.Select:
    if str(query.args["kind"]).upper() == "STRUCT":
        if query.find(exp.Star) in query.expressions:
            raise Unsupported("SELECT AS STRUCT * is not taken here", "name the columns", offset=start(query))
        query.set("expressions", [exp.Struct(expressions=list(query.expressions))])
    query.set("kind", None)
    return query


def _in_order(query: exp.Query) -> exp.Query:
    """A query over one array gives its rows in the array's order, unless it says otherwise."""
    found = _unnest_of(query)
    if not found or any(query.args.get(part) for part in ("order", "distinct")):
        return query
    unnest, _, position = found
    if any(isinstance(column, exp.Star) or column.find(exp.Star) for column in query.expressions):
        return query
    if not position:
        unnest.set("offset", exp.to_identifier(_POSITION))
    return query.order_by(exp.column(position or _POSITION))


def _exists(node: exp.Expr) -> exp.Expr:
    """EXISTS(SELECT … FROM UNNEST(list) AS e WHERE …) as the length of a list."""
    if not isinstance(node, exp.Exists):
        return node
    query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    made = _comprehension(query, number(1)) if isinstance(query, exp.Select) else None
    if made is None:
        return node
    return exp.Paren(this=exp.GT(this=call("coalesce", call("len", made), number(0)), expression=number(0)))


def _joined(node: exp.Expr) -> exp.Expr:
    """(SELECT STRING_AGG(f(e), s ORDER BY position) FROM UNNEST(list) AS e …) as a joined list comprehension."""
    found = _unnest_of(node.this) if isinstance(node, exp.Subquery) else None
    if not found or len(node.this.expressions) != 1:
        return node
    aggregate = node.this.expressions[0].unalias()
    if not isinstance(aggregate, exp.Anonymous) or aggregate.name.upper() != "STRING_AGG":
        return node
    value, *more = aggregate.expressions
    separator = more[-1] if more else text(",")
    order = separator if isinstance(separator, exp.Order) else value if isinstance(value, exp.Order) else None
    if order:
        if not _follows(order, found[2]):
            return node
        separator, value = (order.this, value) if more else (separator, order.this)
    if any(isinstance(part, (exp.Limit, exp.Distinct, exp.Order)) for part in (value, separator)):
        return node
    made = _comprehension(node.this, value)
    if made is None:
        return node
    kept = _listed(exp.column("kept"), "kept", "", made, exp.column("kept").is_(exp.null()).not_())
    return exp.Case(
        ifs=[exp.If(this=exp.GT(this=call("len", kept), expression=number(0)),
                    true=call("array_to_string", kept.copy(), separator))]
    )  # fmt: skip


_CHANGES = {exp.Array: _array, exp.Exists: _exists, exp.Subquery: _joined}


def unnests(node: exp.Expr) -> exp.Expr:
    """FROM UNNEST(list) AS e [WITH OFFSET AS o]: offsets count from 0, and the fields of a STRUCT are columns."""
    if (
        isinstance(node, exp.Join)
        and isinstance(node.this, exp.Unnest)
        and (node.side or "")
        and not node.args.get("on")
    ):
        node.set("on", exp.true())
    if not isinstance(node, exp.Unnest) or not isinstance(node.parent, (exp.From, exp.Join)):
        return node
    name, position = _alias_of(node) or "unnest", _position_of(node)
    items = node.expressions[0]
    fields = not position or not _is_named(node, name)
    deep = [exp.Kwarg(this=exp.Var(this="max_depth"), expression=exp.Literal.number(2))] if fields else []
    columns = [exp.alias_(call("unnest", items, *deep), name, quoted=True)]
    if position:
        columns.append(exp.alias_(call("unnest", call("range", call("len", items.copy()))), position, quoted=True))
    # With a column of its own for the item, `e.field` is read from that column; else the table is named as the item.
    table = exp.TableAlias(this=exp.to_identifier(name if fields else f"{name}_list", quoted=True))
    query = exp.select(*columns).subquery()
    if isinstance(node.parent, exp.Join):
        return exp.Lateral(this=query, alias=table)
    query.set("alias", table)
    return query


def _is_named(node: exp.Expr, name: str) -> bool:
    """Whether the item as a whole stands somewhere in its query."""
    select = node.find_ancestor(exp.Select)
    return select is not None and any(_means(column, name) for column in select.find_all(exp.Column))


def _means(column: exp.Column, name: str) -> bool:
    """Whether a column is the item itself, or all of its fields."""
    return column.table == name if isinstance(column.this, exp.Star) else column.name == name and not column.table
