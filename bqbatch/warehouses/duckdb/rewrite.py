"""GoogleSQL's tree as DuckDB's: tree to tree, one idea each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from sqlglot import exp

from bqbatch.errors import Unsupported
from bqbatch.warehouses.duckdb import arrays, json_functions, number_functions, pivots, time_functions
from bqbatch.warehouses.duckdb.allowed import start
from bqbatch.warehouses.duckdb.expressions import (
    Refused,
    beside,
    cast,
    kind_of,
    known,
    macro,
    named_first,
    number,
    shown,
    text,
)
from bqbatch.warehouses.duckdb.functions import FUNCTIONS

_T = exp.DataType.Type
_CASTS = {
    _T.BIGINT: ("safe_int64", "INT64"),
    _T.INT: ("safe_int64", "INT64"),
    _T.SMALLINT: ("safe_int64", "INT64"),
    _T.TINYINT: ("safe_int64", "INT64"),
    _T.DOUBLE: ("safe_float64", "FLOAT64"),
    _T.DECIMAL: ("safe_numeric", "NUMERIC"),
    _T.BOOLEAN: ("safe_bool", "BOOL"),
    _T.DATE: ("safe_date", "DATE"),
    _T.TIME: ("safe_time", "TIME"),
    _T.TIMESTAMP: ("safe_datetime", "DATETIME"),
    _T.TIMESTAMPTZ: ("safe_timestamp", "TIMESTAMP"),
    _T.BINARY: ("safe_bytes", "BYTES"),
    _T.VARBINARY: ("safe_bytes", "BYTES"),
}


def rewrite(tree: exp.Expr) -> exp.Expr:
    """The tree in DuckDB's words; Unsupported at the place of what has none."""
    for step in (pivots.pivoted, _likes, _scalar_structs, _safe_calls, _struct_items, _aliases, _names, _creates):
        tree = tree.transform(step, copy=False)
    tree = arrays.innermost_first(tree)
    tree = tree.transform(arrays.unnests, copy=False)
    tree = _bottom_up(tree)
    json_functions.read_once(tree)
    return _names_first(tree)


def _bottom_up(node: exp.Expr) -> exp.Expr:
    """Rewrites children before parents, so that a rewrite sees its arguments in DuckDB's words."""
    said = _said(node)
    for key, value in list(node.args.items()):
        if isinstance(value, exp.Expr):
            node.set(key, _bottom_up(value))
        elif isinstance(value, list):
            node.set(key, [_bottom_up(item) if isinstance(item, exp.Expr) else item for item in value])
    if said:
        (node.expressions[0] if isinstance(node, exp.Anonymous) else node.this).meta["said"] = said
    try:
        if isinstance(node, exp.Anonymous):
            return _function(node)
        change = _NODES.get(type(node))
        return change(node) if change else node
    except Refused as refusal:
        name = node.name.upper() if isinstance(node, exp.Anonymous) else type(node).__name__.upper()
        raise Unsupported(f"{name}: {refusal}", refusal.hint, offset=start(node)) from None


def _said(node: exp.Expr) -> str:
    """The words of an argument that an error may show, before they are DuckDB's."""
    if isinstance(node, exp.Cast):
        return (
            ""
            if node.args["to"].this != _T.TEXT or isinstance(node.this, exp.Column)
            else str(node.this.sql("bigquery"))
        )
    shows = isinstance(node, exp.Anonymous) and "JSON" in node.name.upper() and node.expressions
    return str(node.expressions[0].sql("bigquery")) if shows and not isinstance(node.expressions[0], exp.Column) else ""


def _function(node: exp.Anonymous) -> exp.Expr:
    name = node.name.upper()
    if name == "STRUCT":
        return _struct(exp.Struct(expressions=node.expressions))
    # A function of DuckDB's that an earlier step put there is written small.
    return FUNCTIONS[name](list(node.expressions)) if name in FUNCTIONS and node.name != name.lower() else node


def _names_first(tree: exp.Expr) -> exp.Expr:
    names = (f"bqb_{count}" for count in itertools.count(1))
    calls = [found for found in tree.find_all(exp.Anonymous) if found.name.startswith("googlesql.")]
    for found in reversed(calls):
        made = named_first(found.copy(), names)
        if not isinstance(made, exp.Anonymous) or made.name != found.name:
            found.replace(made)
    return tree


# Before anything else.


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
        names = [_name_of(field) for field in _fields_of(node.expressions[0])]
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


def _name_of(field: exp.Expr) -> str:
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


# Types and literals.


def _cast(node: exp.Cast) -> exp.Expr:
    to: exp.DataType = node.args["to"]
    value, safe = node.this, isinstance(node, exp.TryCast)
    if isinstance(value, exp.Null):
        return exp.Cast(this=value, to=to)
    if to.this == _T.TEXT:
        return known(macro("safe_cast_string" if safe else "cast_string", value, shown(value)), "STRING")
    if to.this == _T.JSON:
        raise Refused("there is no cast to JSON", "write PARSE_JSON(x, wide_number_mode => 'round')")
    if to.this not in _CASTS:
        return exp.Cast(this=value, to=to)  # of an array or a STRUCT, written out
    name, kind = _CASTS[to.this]
    if kind_of(value) == "JSON":
        raise Refused("JSON is not cast", "write SAFE_CAST(JSON_VALUE(x, '$.name') AS …)")
    made = macro(name, value)
    return known(made if safe or kind in ("BYTES",) else macro("made", made, value.copy(), text(kind)), kind)


def _type(node: exp.DataType) -> exp.Expr:
    return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb") if node.this == _T.DECIMAL else node


_POSITIONS = (exp.Limit, exp.Offset, exp.Ordered, exp.Group, exp.Interval, exp.DataTypeParam, exp.WindowSpec, exp.Kwarg)


def _literal(node: exp.Literal) -> exp.Expr:
    """A number has GoogleSQL's type: DuckDB's would be too narrow, or decimal."""
    if node.is_string:
        return known(node, "STRING")
    if not node.name.isdigit():
        made = known(cast(number_of(node.name), "DOUBLE"), "FLOAT64")
        made.meta["decimals"] = node.name
        return made
    if isinstance(node.parent, _POSITIONS) or int(node.name) > 2**63 - 1:
        return known(node, "INT64")
    return known(cast(number_of(node.name), "BIGINT"), "INT64")


def number_of(digits: str) -> exp.Expr:
    """A number as it was written, which need not fit in a float."""
    return exp.Literal.number(digits)


def _negative(node: exp.Neg) -> exp.Expr:
    if isinstance(node.this, exp.Literal) and node.this.name == str(2**63):
        return known(cast(exp.Neg(this=number_of(node.this.name)), "BIGINT"), "INT64")
    return node


def _hex(node: exp.HexString) -> exp.Expr:
    return known(cast(number(int(str(node.this), 16)), "BIGINT"), "INT64")


def _raw_string(node: exp.RawString) -> exp.Expr:
    return known(text(str(node.this)), "STRING")


def _json(node: exp.ParseJSON) -> exp.Expr:
    return json_functions.parse("parse_json")([node.this, text("round")])


# Operators.


def _sum(node: exp.Binary) -> exp.Expr:
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


def _product(node: exp.Mul) -> exp.Expr:
    left, right = beside([node.left, node.right])
    if {kind_of(left), kind_of(right)} & {"INT64", "FLOAT64"}:
        return exp.Mul(this=left, expression=right)
    return macro("multiply", _plain(left), _plain(right))


def _division(node: exp.Div) -> exp.Expr:
    """`/` is never whole-number division in GoogleSQL, and by zero it is an error."""
    left, right = beside([node.left, node.right])
    kinds = {kind_of(left), kind_of(right)}
    if "FLOAT64" in kinds or kinds == {"INT64"}:
        if isinstance(right, exp.Cast) and isinstance(right.this, exp.Literal) and float(right.this.name):
            return known(exp.Div(this=left, expression=right, typed=False, safe=False), "FLOAT64")
        return known(macro("quotient", _plain(left), _plain(right)), "FLOAT64")
    return macro("divide", _plain(left), _plain(right))


def _joined(node: exp.DPipe) -> exp.Expr:
    return exp.DPipe(this=_text(node.this), expression=_text(node.expression), safe=False)


def _text(node: exp.Expr) -> exp.Expr:
    return cast(node, "VARCHAR") if isinstance(node, exp.Null) else node


def _plain(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Paren) else node


def _like(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node.parent, exp.Escape) else exp.Escape(this=node, expression=text("\\"))


def _choice(node: exp.If) -> exp.Expr:
    if node.args.get("false") is not None and not isinstance(node.parent, exp.Case):
        true, false = beside([node.args["true"], node.args["false"]])
        node.set("true", true)
        node.set("false", false)
    return node


def _case(node: exp.Case) -> exp.Expr:
    branches = [branch.args["true"] for branch in node.args["ifs"]]
    default = node.args.get("default")
    values = beside([*branches, *([default] if default is not None else [])])
    for branch, value in zip(node.args["ifs"], values, strict=False):
        branch.set("true", value)
    if default is not None:
        node.set("default", values[-1])
    return node


def _bracket(node: exp.Bracket) -> exp.Expr:
    offset = node.args.get("offset")
    if len(node.expressions) != 1:
        raise Unsupported("an array is indexed by one number", "write list[OFFSET(0)]", offset=start(node))
    index = node.expressions[0]
    if offset is None:
        if isinstance(index, exp.Literal) and index.is_string and re.search(r'["\\]', index.name):
            raise Unsupported("a name in JSON has no quotes here", "write JSON_QUERY(x, '$.name')", offset=start(node))
        return macro("item_named" if isinstance(index, exp.Literal) else "item", node.this, index)
    position = index if offset == 1 else exp.Paren(this=exp.Add(this=index, expression=number(1)))
    return macro("safe_item_at" if node.args.get("safe") else "item_at", node.this, position)


def _array(node: exp.Array) -> exp.Expr:
    """An array that is written out: literals such as 1.5 are NUMERIC beside a NUMERIC, in fields too."""
    items = node.expressions
    if len(items) > 1 and all(isinstance(item, exp.Struct) for item in items):
        for fields in zip(*(item.expressions for item in items), strict=False):
            for field, value in zip(fields, beside([field.expression for field in fields]), strict=True):
                field.set("expression", value)
    elif len(items) > 1:
        node.set("expressions", beside(items))
    return node


def _struct(node: exp.Struct) -> exp.Expr:
    fields: list[exp.Expr] = []
    for item in node.expressions:
        if isinstance(item, exp.PropertyEQ):
            fields.append(item)
        elif name := _name_of(item):
            fields.append(exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=item.unalias()))
        else:
            raise Unsupported("a STRUCT field needs a name here", "STRUCT(x AS name)", offset=start(node))
    return exp.Struct(expressions=fields)


def _window(node: exp.Window) -> exp.Expr:
    """f(x) OVER (…), also where several functions of DuckDB's make up one of GoogleSQL's."""
    made = node.this
    if isinstance(made, exp.Anonymous) and made.name in ("googlesql.total", "googlesql.mean"):
        first, *aggregates = made.expressions
        over = [aggregate.copy() for aggregate in aggregates]
        windows = []
        for aggregate in over:
            window = node.copy()
            window.set("this", aggregate)
            windows.append(window)
        return macro(made.name.removeprefix("googlesql."), first, *windows)
    if isinstance(made, exp.Anonymous) and made.name in ("list_slice", "array_to_string"):
        raise Refused("LIMIT and DISTINCT are not taken with OVER", "aggregate in a subquery and join it")
    return known(node, str(made.meta.get("kind", "")))


_NODES: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.Add: _sum,
    exp.Array: _array,
    exp.AtTimeZone: time_functions.at_zone,
    exp.BitwiseAnd: number_functions.bits(exp.BitwiseAnd),
    exp.BitwiseOr: number_functions.bits(exp.BitwiseOr),
    exp.BitwiseXor: number_functions.exclusive_or,
    exp.Bracket: _bracket,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.DataType: _type,
    exp.DPipe: _joined,
    exp.Div: _division,
    exp.Extract: time_functions.extract,
    exp.HexString: _hex,
    exp.If: _choice,
    exp.Interval: time_functions.interval,
    exp.Like: _like,
    exp.Literal: _literal,
    exp.Mul: _product,
    exp.Neg: _negative,
    exp.ParseJSON: _json,
    exp.RawString: _raw_string,
    exp.Struct: _struct,
    exp.Sub: _sum,
    exp.TryCast: _cast,
    exp.Window: _window,
}
