"""GoogleSQL's tree as DuckDB's: tree to tree, one idea each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from sqlglot import exp

from bqbatch.errors import Unsupported
from bqbatch.warehouses.duckdb import (
    arrays,
    json_functions,
    number_functions,
    operators,
    plain,
    time_functions,
    time_zones,
)
from bqbatch.warehouses.duckdb.allowed import start
from bqbatch.warehouses.duckdb.expressions import (
    Refused,
    beside,
    cast,
    kind_of,
    known,
    lateral_first,
    macro,
    named_first,
    number,
    number_of,
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
    tree = plain.plainly(tree)
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
    lateral_first(tree, names)
    calls = [found for found in tree.find_all(exp.Anonymous) if found.name.startswith("googlesql.")]
    for found in reversed(calls):
        made = named_first(found.copy(), names)
        if not isinstance(made, exp.Anonymous) or made.name != found.name:
            found.replace(made)
    return tree


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


def _hex(node: exp.HexString) -> exp.Expr:
    return known(cast(number(int(str(node.this), 16)), "BIGINT"), "INT64")


def _raw_string(node: exp.RawString) -> exp.Expr:
    return known(text(str(node.this)), "STRING")


def _json(node: exp.ParseJSON) -> exp.Expr:
    return json_functions.parse("parse_json")([node.this, text("round")])


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
        elif name := plain.name_of(item):
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
    exp.Add: operators.plus_or_minus,
    exp.Array: _array,
    exp.AtTimeZone: time_zones.at_zone,
    exp.BitwiseAnd: number_functions.bits(exp.BitwiseAnd),
    exp.BitwiseOr: number_functions.bits(exp.BitwiseOr),
    exp.BitwiseXor: number_functions.exclusive_or,
    exp.Bracket: _bracket,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.DataType: _type,
    exp.DPipe: operators.joined,
    exp.Div: operators.division,
    exp.Extract: time_functions.extract,
    exp.HexString: _hex,
    exp.If: _choice,
    exp.Interval: time_functions.interval,
    exp.Like: operators.like,
    exp.Literal: _literal,
    exp.Mul: operators.product,
    exp.Neg: operators.negative,
    exp.ParseJSON: _json,
    exp.RawString: _raw_string,
    exp.Struct: _struct,
    exp.Sub: operators.plus_or_minus,
    exp.TryCast: _cast,
    exp.Window: _window,
}
