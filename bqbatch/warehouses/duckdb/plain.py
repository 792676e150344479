"""GoogleSQL said more plainly, still in its own words, before it becomes DuckDB's."""

from __future__ import annotations

from sqlglot import exp

from bqbatch.errors import Unsupported
from bqbatch.warehouses.duckdb import arrays, pivots
from bqbatch.warehouses.duckdb.allowed import start
from bqbatch.warehouses.duckdb.expressions import macro, text

_T = exp.DataType.Type


def plainly(tree: exp.Expr) -> exp.Expr:
    """The tree without the forms that DuckDB's words are not looked for."""
    for step in _STEPS:
        tree = tree.transform(step, copy=False)
    return tree


def _safe_calls(node: exp.Expr) -> exp.Expr:
    """SAFE.f(x) as the function named `SAFE.F`."""
    if isinstance(node, exp.SafeFunc) and isinstance(node.this, exp.Anonymous):
        made = exp.Anonymous(this=f"SAFE.{node.this.name.upper()}", expressions=node.this.expressions)
        made.meta.update(node.this.meta)
        return made
    return node


def _struct_items(node: exp.Expr) -> exp.Expr:
    """[STRUCT(1 AS a), (2)]: the names of the first item are the names of all; so are those of a type written out."""
    names: list[str] = []
    items: list[exp.Expr] = []
    if isinstance(node, exp.Cast) and isinstance(node.this, (exp.Array, exp.Struct, exp.Tuple)):
        kind = node.args["to"]
        kind = kind.expressions[0] if kind.this == _T.ARRAY and kind.expressions else kind
        if kind.this == _T.STRUCT:
            names = [field.name for field in kind.expressions if isinstance(field, exp.ColumnDef)]
            items = node.this.expressions if isinstance(node.this, exp.Array) else [node.this]
    elif isinstance(node, exp.Array) and node.expressions and _fields_of(node.expressions[0]):
        names = [name_of(field) for field in _fields_of(node.expressions[0])]
        items = node.expressions[1:]
    if names and all(names):
        for item in items:
            item.replace(_named(item, names))
    return node


def _fields_of(node: exp.Expr) -> list[exp.Expr]:
    node = node.this if isinstance(node, exp.Paren) else node
    if isinstance(node, (exp.Struct, exp.Tuple)) or (isinstance(node, exp.Anonymous) and node.name.upper() == "STRUCT"):
        return list(node.expressions)
    return []


def name_of(field: exp.Expr) -> str:
    if isinstance(field, exp.PropertyEQ):
        return str(field.this.name)
    return field.alias or (field.name if isinstance(field, (exp.Column, exp.Dot)) else "")


def _named(item: exp.Expr, names: list[str]) -> exp.Expr:
    fields = _fields_of(item) or ([item.this] if isinstance(item, exp.Paren) and len(names) == 1 else [])
    if len(fields) != len(names):
        return item
    values = [field.expression if isinstance(field, exp.PropertyEQ) else field.unalias() for field in fields]
    return exp.Struct(expressions=[
        exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value)
        for name, value in zip(names, values, strict=True)
    ])  # fmt: skip


def _aliases(node: exp.Expr) -> exp.Expr:
    """A column's new name after SELECT means that column, where DuckDB may take FROM's column of that name."""
    if not isinstance(node, exp.Select):
        return node
    aliases = {column.alias.lower(): column.this for column in node.expressions if isinstance(column, exp.Alias)}
    parts = [part for part in (node.args.get(name) for name in ("group", "having", "qualify", "order")) if part]
    for part in parts if aliases else []:
        for column in list(part.find_all(exp.Column)):
            meant = aliases.get(column.name.lower()) if not column.table else None
            # A name alone sorts by the new column in DuckDB too.
            if meant is not None and (
                isinstance(part, exp.Group) or column.find_ancestor(exp.Anonymous, exp.Cast, exp.Select) is not node
            ):
                column.replace(meant.copy())
    return node


def _names(node: exp.Expr) -> exp.Expr:
    """A field of an expression gives its column its name, whatever the expression becomes."""
    if isinstance(node, exp.Dot) and isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
        return exp.alias_(node, node.expression.name, quoted=True, copy=False) if node.expression.name else node
    return node


def _information(node: exp.Expr) -> exp.Expr:
    """dataset.INFORMATION_SCHEMA.COLUMNS and TABLES as the macros that list them."""
    if not isinstance(node, exp.Table) or not node.name.upper().startswith("INFORMATION_SCHEMA."):
        return node
    name = node.name.upper().partition(".")[2]
    if name not in ("COLUMNS", "TABLES"):
        raise Unsupported(
            f"the embedded engine has no {node.name}",
            "it has COLUMNS and TABLES of INFORMATION_SCHEMA",
            offset=start(node),
        )
    if not node.db:
        raise Unsupported(
            f"{node.name} is that of a dataset", f"write llm.INFORMATION_SCHEMA.{name}", offset=start(node)
        )
    return exp.Table(this=macro(f"information_{name.lower()}", text(node.db)), alias=node.args.get("alias"))


def _creates(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Create):
        node.set("properties", None)
    return node


def _likes(node: exp.Expr) -> exp.Expr:
    """x LIKE ANY (a, b) as (x LIKE a OR x LIKE b); each part is negated where NOT stands before LIKE."""
    if not isinstance(node, exp.Like) or not isinstance(node.expression, (exp.Any, exp.All)):
        return node
    patterns = node.expression.this
    parts: list[exp.Expr] = [
        exp.Like(this=node.this.copy(), expression=pattern.copy(), negate=node.args.get("negate"))
        for pattern in (patterns.expressions if isinstance(patterns, exp.Tuple) else [patterns.unnest()])
    ]
    join = exp.or_ if isinstance(node.expression, exp.Any) else exp.and_
    return exp.paren(join(*parts, copy=False), copy=False)


def _scalar_structs(node: exp.Expr) -> exp.Expr:
    """(SELECT AS STRUCT a, b …) as a value is (SELECT STRUCT(a, b) …)."""
    if isinstance(node, exp.Select) and node.args.get("kind") and not isinstance(node.parent, exp.Array):
        return arrays.as_struct(node)
    return node


_STEPS = (pivots.pivoted, _likes, _scalar_structs, _safe_calls, _struct_items, _aliases, _names, _information, _creates)
