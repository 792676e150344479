"""GoogleSQL to DuckDB: parsed by sqlglot, checked against an allow-list, rewritten as a tree.

sqlglot's own knowledge of functions is switched off, so that nothing is transpiled silently: a function is
either in `functions.FUNCTIONS` or refused by name. The same goes for syntax (`_SYNTAX`).
"""

from __future__ import annotations

import difflib
import itertools
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

from bqbatch.errors import Unsupported, WarehouseError
from bqbatch.warehouses.duckdb.functions import FUNCTIONS, SPELLINGS, Refused, call, number, shown, text


class GoogleSQL(BigQuery):
    """sqlglot's BigQuery dialect without its functions."""

    class Parser(BigQuery.Parser):
        FUNCTIONS = {}  # noqa: RUF012
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser
            for name, parser in BigQuery.Parser.FUNCTION_PARSERS.items()
            if name in ("ARRAY", "CAST", "EXTRACT", "SAFE_CAST")
        }
        NO_PAREN_FUNCTIONS = {}  # noqa: RUF012


_SYNTAX = {
    name.lower()
    for name in ["Add", "Alias", "And", "Anonymous", "Any", "Array", "Between", "Boolean", "Bracket", "Case", "Cast", "Column", "ColumnDef", "Comment", "CTE", "Create", "CurrentDate", "DataType", "DataTypeParam", "Delete", "Distinct", "Div", "Dot", "DPipe", "Drop", "EQ", "Except", "Exists", "Extract", "Filter", "From", "GT", "GTE", "Group", "Having", "HavingMax", "HexString", "Identifier", "If", "IgnoreNulls", "In", "Insert", "Intersect", "Interval", "Is", "Join", "JSON", "Kwarg", "LT", "LTE", "Like", "Limit", "Literal", "Mul", "NEQ", "Neg", "Not", "Null", "Offset", "Or", "Order", "Ordered", "Paren", "Parameter", "Partition", "Placeholder", "PropertyEQ", "Properties", "Property", "Qualify", "RespectNulls", "Schema", "Select", "SetOperation", "Slice", "Star", "Struct", "Sub", "Subquery", "Table", "TableAlias", "TryCast", "Tuple", "Union", "Unnest", "Update", "Values", "Var", "Where", "Window", "WindowSpec", "With", "RawString", "SafeFunc", "Cluster", "ClusterProperty", "ClusteredByProperty", "Introducer", "Coalesce", "AtIndex", "PropertyAssign", "Mod"]
}
_T = exp.DataType.Type
_CASTS = {
    _T.BIGINT: ("safe_int64", "INT64"),
    _T.INT: ("safe_int64", "INT64"),
    _T.DOUBLE: ("safe_float64", "FLOAT64"),
    _T.DECIMAL: ("safe_numeric", "NUMERIC"),
    _T.BOOLEAN: ("safe_bool", "BOOL"),
    _T.DATE: ("safe_date", "DATE"),
    _T.TIME: ("safe_time", "TIME"),
    _T.TIMESTAMP: ("safe_datetime", "DATETIME"),
    _T.TIMESTAMPTZ: ("safe_timestamp", "TIMESTAMP"),
}


@dataclass(frozen=True, slots=True)
class Translation:
    """DuckDB statements for one GoogleSQL statement, and the labels of a CREATE."""

    statements: tuple[str, ...]
    source: str

    def offset_of(self, position: int, statement: int = 0) -> int | None:
        """The offset in the GoogleSQL text of the word at a position of a DuckDB statement, if it is there too."""
        made = _words(sqlglot.tokenize(self.statements[statement], dialect="duckdb"))
        said = _words(sqlglot.tokenize(self.source, dialect="bigquery"))
        here = next(((i, token) for i, token in enumerate(made) if token.start <= position <= token.end), None)
        if here is None:
            return None
        index, token = here
        nth = sum(1 for other in made[:index] if other.text.lower() == token.text.lower())
        matches = [other for other in said if other.text.lower() == token.text.lower()]
        return matches[min(nth, len(matches) - 1)].start if matches else None


def translate(sql: str) -> Translation:
    """The DuckDB SQL of one GoogleSQL statement.

    Raises Unsupported, with the offset in `sql`, for what the embedded engine does not answer as GoogleSQL does.
    """
    try:
        tokens = sqlglot.tokenize(sql, dialect=GoogleSQL)
        trees = [tree for tree in sqlglot.parse(sql, dialect=GoogleSQL) if tree is not None]
    except ParseError as error:
        details = error.errors[0] if error.errors else {}
        raise WarehouseError(
            f"syntax error near `{details.get('highlight', '')}`: {details.get('description', '')}",
            "is a comma or a bracket missing, here or just before?",
            offset=_offset(sql, details),
        ) from None
    except TokenError:
        raise WarehouseError("the SQL can't be read to its end", "is a quote left open?", offset=0) from None
    if len(trees) != 1:
        raise Unsupported("one statement is expected", "take out the semicolon", offset=0)
    tree = trees[0]
    _check_functions(tokens)
    _check_syntax(tree)
    comments = _comments(tree)
    tree = _rewrite(tree)
    return Translation((tree.sql(dialect="duckdb", comments=False, normalize_functions=False), *comments), sql)


def _offset(sql: str, details: dict[str, object]) -> int:
    lines = sql.splitlines(keepends=True)
    row = int(str(details.get("line", 1))) - 1
    return sum(map(len, lines[:row])) + max(0, int(str(details.get("col", 1))) - len(str(details.get("highlight") or "")))


# What is let in.

_CALLED = {
    "ARRAY", "STRUCT", "CAST", "SAFE_CAST", "EXTRACT", "IF", "UNNEST", "EXISTS", "IN", "VALUES", "OVER", "AS", "AND", "OR",
    "NOT", "ON", "USING", "WHEN", "THEN", "ELSE", "SELECT", "FROM", "WHERE", "BY", "EXCEPT", "REPLACE", "ALL", "DISTINCT",
    "UNION", "LIMIT", "BETWEEN", "LIKE", "HAVING", "QUALIFY", "OPTIONS", "INTERVAL", "WITH", "OFFSET", "ORDINAL",
    "SAFE_OFFSET", "SAFE_ORDINAL", "INTO", "JOIN", "CASE", "PARTITION", "RETURN", "SET", "DATE", "JSON", "RECURSIVE",
}  # fmt: skip


def _check_functions(tokens: list[Token]) -> None:
    for index, (token, after) in enumerate(itertools.pairwise(tokens)):
        if after.token_type != TokenType.L_PAREN or not token.text.replace("_", "a").isalnum():
            continue
        if token.token_type in (TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER):
            continue
        name = token.text.upper()
        before = [other.text.upper() for other in tokens[max(0, index - 2) : index]]
        if before[-1:] == ["."]:
            name = f"{before[0]}.{name}" if len(before) == 2 else name
        elif before[-1:] == ["AS"] or (name in _CALLED and name not in FUNCTIONS):
            continue
        if name in ("EXCEPT", "REPLACE") and before[-1:] in (["*"], [")"]):
            continue
        if name in FUNCTIONS:
            continue
        near = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.75)
        if name in SPELLINGS:
            hint = f"write {SPELLINGS[name]}"
        elif near:
            hint = f"did you mean {near[0]}?"
        else:
            hint = "the functions it has are listed in sql/README.md; or run on BigQuery"
        raise Unsupported(f"the embedded engine has no function {name}", hint, offset=token.start)


def _check_syntax(tree: exp.Expression) -> None:
    for node in tree.walk():
        name = type(node).__name__
        if name.lower() in _SYNTAX:
            if isinstance(node, exp.DataType) and node.this in (_T.BIGDECIMAL, _T.GEOGRAPHY, _T.INTERVAL, _T.RANGE):
                raise Unsupported(f"the embedded engine has no type {node.sql('bigquery')}", "use NUMERIC or STRING",
                                  offset=_start(node))  # fmt: skip
            continue
        raise Unsupported(
            f"the embedded engine does not translate {node.sql('bigquery')[:60]!r} ({name})",
            "say it with plain SELECT, JOIN, CASE and the functions listed in sql/README.md; or run on BigQuery",
            offset=_start(node),
        )


def _start(node: exp.Expression) -> int:
    return next((found.meta["start"] for found in node.walk() if "start" in found.meta), 0)


# Tree to tree, one idea each.


def _rewrite(tree: exp.Expression) -> exp.Expression:
    for step in (_safe_calls, _array_queries, _exists_in_arrays, _joined_arrays, _unnests, _creates):
        tree = tree.transform(step)
    tree = _bottom_up(tree)
    _read_json_once(tree)
    return tree


def _safe_calls(node: exp.Expression) -> exp.Expression:
    """SAFE.f(x) as the function named `SAFE.F`."""
    if isinstance(node, exp.SafeFunc) and isinstance(node.this, exp.Anonymous):
        return exp.Anonymous(this=f"SAFE.{node.this.name.upper()}", expressions=node.this.expressions)
    return node


def _bottom_up(node: exp.Expression) -> exp.Expression:
    """Rewrites children before parents, so that a rewrite sees its arguments in DuckDB's words."""
    for key, value in list(node.args.items()):
        if isinstance(value, exp.Expression):
            node.set(key, _bottom_up(value))
        elif isinstance(value, list):
            node.set(key, [_bottom_up(item) if isinstance(item, exp.Expression) else item for item in value])
    return _one(node)


def _one(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Anonymous):
        return _function(node, node.name.upper())
    rewrite = _NODES.get(type(node))
    return rewrite(node) if rewrite else node


def _function(node: exp.Anonymous, name: str) -> exp.Expression:
    if name == "STRUCT":
        return _struct(exp.Struct(expressions=node.expressions))
    if name not in FUNCTIONS:
        return node
    try:
        built = FUNCTIONS[name](list(node.expressions))
    except Refused as refusal:
        raise Unsupported(f"{name}: {refusal}", "see sql/README.md; or run on BigQuery", offset=_start(node)) from None
    return built


def _cast(node: exp.Expression) -> exp.Expression:
    to: exp.DataType = node.args["to"]
    value, safe = node.this, isinstance(node, exp.TryCast)
    if isinstance(value, exp.Null):
        return exp.Cast(this=value, to=to)
    if to.this == _T.TEXT:
        return call("googlesql.cast_string", value, shown(value))
    if to.this in _CASTS:
        macro, name = _CASTS[to.this]
        cast = call(f"googlesql.{macro}", value)
        return cast if safe else call("googlesql.made", cast, value.copy(), text(name))
    return node


def _type(node: exp.DataType) -> exp.Expression:
    if node.this == _T.DECIMAL and not node.expressions:
        return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")
    return node


def _literal(node: exp.Literal) -> exp.Expression:
    if node.is_string or node.name.isdigit():
        return node
    return exp.Cast(this=exp.Literal.number(node.name), to=exp.DataType.build("DOUBLE"))


def _like(node: exp.Expression) -> exp.Expression:
    if isinstance(node.parent, exp.Escape):
        return node
    return exp.Escape(this=node, expression=text("\\"))


def _bracket(node: exp.Bracket) -> exp.Expression:
    index = node.expressions[0]
    offset = node.args.get("offset")
    if len(node.expressions) != 1 or offset is None:
        raise Unsupported("an array is indexed by OFFSET or ORDINAL here", "write list[OFFSET(0)]", offset=_start(node))
    position = index if offset == 1 else exp.Paren(this=exp.Add(this=index, expression=number(1)))
    if isinstance(index, exp.Literal):
        position = number(int(index.name) + 1 - int(offset))
    taken = exp.Bracket(this=node.this, expressions=[position], offset=1, safe=True)
    if node.args.get("safe"):
        return call("list_extract", node.this, position)
    return exp.Case(
        ifs=[exp.If(this=exp.GT(this=position.copy(), expression=call("len", node.this.copy())),
                    true=call("error", text("bqbatch: array index out of bounds")))],
        default=call("list_extract", taken.this, taken.expressions[0]),
    )  # fmt: skip


def _struct(node: exp.Struct) -> exp.Expression:
    fields: list[exp.Expression] = []
    for item in node.expressions:
        if isinstance(item, exp.PropertyEQ):
            fields.append(item)
        elif isinstance(item, exp.Alias):
            fields.append(exp.PropertyEQ(this=exp.to_identifier(item.alias, quoted=True), expression=item.this))
        elif isinstance(item, exp.Column):
            fields.append(exp.PropertyEQ(this=exp.to_identifier(item.name, quoted=True), expression=item))
        else:
            raise Unsupported("a STRUCT field needs a name here", "STRUCT(x AS name)", offset=_start(node))
    return exp.Struct(expressions=fields)


def _division(node: exp.Div) -> exp.Expression:
    # `/` is never whole-number division in GoogleSQL.
    return exp.Div(this=node.this, expression=node.expression, typed=False, safe=False)


def _raw_string(node: exp.RawString) -> exp.Expression:
    return text(str(node.this))


_NODES = {
    exp.RawString: _raw_string,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.DataType: _type,
    exp.Literal: _literal,
    exp.Like: _like,
    exp.Bracket: _bracket,
    exp.Struct: _struct,
    exp.Div: _division,
}


def _unnest_of(query: exp.Expression | None) -> tuple[exp.Unnest, str, str] | None:
    """The only source of a SELECT, where that is `UNNEST(list) AS item [WITH OFFSET AS position]`."""
    if not isinstance(query, exp.Select) or query.args.get("joins") or query.args.get("group"):
        return None
    source = query.args.get("from_") or query.args.get("from")
    unnest = source.this if source else None
    if not isinstance(unnest, exp.Unnest) or len(unnest.expressions) != 1:
        return None
    alias = unnest.args.get("alias")
    offset = unnest.args.get("offset")
    item = alias.columns[0].name if alias and alias.columns else alias.name if alias else ""
    position = offset.name if isinstance(offset, exp.Expression) else ""
    return (unnest, item, position) if item else None


def _comprehension(query: exp.Select, body: exp.Expression) -> exp.Expression | None:
    """`[body FOR item IN list IF condition]` for a SELECT over one array, in the array's order."""
    found = _unnest_of(query)
    order = query.args.get("order")
    if not found or any(query.args.get(part) for part in ("limit", "offset", "having", "distinct", "qualify")):
        return None
    unnest, item, position = found
    if order and [key.this.name for key in order.expressions] != [position]:
        return None
    where = query.args.get("where")
    parts = [body, where.this if where else exp.true()]
    if position and any(column.name == position for part in parts for column in part.find_all(exp.Column)):
        return None
    return _listed(body, item, unnest.expressions[0], where.this if where else None)


def _listed(
    body: exp.Expression, item: str, items: exp.Expression, condition: exp.Expression | None
) -> exp.Expression:
    return exp.Array(expressions=[
        exp.Comprehension(this=body, expression=exp.to_identifier(item), iterator=items, condition=condition)
    ])  # fmt: skip


def _array_queries(node: exp.Expression) -> exp.Expression:
    """ARRAY(SELECT f(e) FROM UNNEST(list) AS e …) as a list comprehension: no join per row."""
    if not isinstance(node, exp.Array) or len(node.expressions) != 1:
        return node
    query = node.expressions[0]
    query = query.this if isinstance(query, exp.Subquery) else query
    if not isinstance(query, exp.Query):
        return node
    made = _comprehension(query, query.expressions[0].unalias()) if isinstance(query, exp.Select) else None
    if made is None:
        raise Unsupported(
            "the embedded engine translates ARRAY(SELECT … FROM UNNEST(list) AS item [WITH OFFSET AS position] "
            "[WHERE …] [ORDER BY position])",
            "use ARRAY_AGG with GROUP BY for others",
            offset=_start(node),
        )
    return call("coalesce", made, exp.Array(expressions=[]))


def _exists_in_arrays(node: exp.Expression) -> exp.Expression:
    """EXISTS(SELECT … FROM UNNEST(list) AS e WHERE …) as the length of a list comprehension."""
    if not isinstance(node, exp.Exists):
        return node
    query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    made = _comprehension(query, number(1)) if isinstance(query, exp.Select) else None
    if made is None:
        return node
    return exp.Paren(
        this=exp.GT(this=call("coalesce", call("len", made), number(0)), expression=number(0))
    )  # fmt: skip


def _joined_arrays(node: exp.Expression) -> exp.Expression:
    """(SELECT STRING_AGG(f(e), s ORDER BY position) FROM UNNEST(list) AS e …) as a joined list comprehension."""
    if not isinstance(node, exp.Subquery) or not _unnest_of(node.this):
        return node
    aggregate = node.this.expressions[0].unalias() if len(node.this.expressions) == 1 else None
    if not isinstance(aggregate, exp.Anonymous) or aggregate.name.upper() != "STRING_AGG":
        return node
    value, separator = aggregate.expressions[0], text(",")
    if len(aggregate.expressions) > 1:
        last = aggregate.expressions[-1]
        separator = last.this if isinstance(last, exp.Order) else last
        position = node.this.args["from_"].this.args["offset"].name if isinstance(last, exp.Order) else ""
        if isinstance(last, exp.Order) and [key.this.name for key in last.expressions] != [position]:
            return node
    made = _comprehension(node.this, value)
    if made is None:
        return node
    kept = _listed(exp.column("kept"), "kept", made, exp.column("kept").is_(exp.null()).not_())
    return exp.Case(
        ifs=[exp.If(this=exp.GT(this=call("len", kept), expression=number(0)),
                    true=call("array_to_string", kept.copy(), separator))]
    )  # fmt: skip


def _unnests(node: exp.Expression) -> exp.Expression:
    """FROM UNNEST(list) AS e [WITH OFFSET AS o]: offsets count from 0."""
    if not isinstance(node, exp.Unnest) or not isinstance(node.parent, (exp.From, exp.Join)):
        return node
    alias, offset = node.args.get("alias"), node.args.get("offset")
    name = (alias.columns[0].name if alias and alias.columns else alias.name if alias else "") or "unnest"
    items = node.expressions[0]
    columns = [exp.alias_(call("unnest", items), name, quoted=True)]
    if offset:
        position = offset.name if isinstance(offset, exp.Expression) and offset.name else "offset"
        columns.append(exp.alias_(call("unnest", call("range", call("len", items.copy()))), position, quoted=True))
    query = exp.Subquery(this=exp.select(*columns), alias=exp.TableAlias(this=exp.to_identifier(f"{name}_list")))
    return exp.Lateral(this=query.this.subquery(), alias=query.args["alias"]) if isinstance(node.parent, exp.Join) else query


def _creates(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Create):
        node.set("properties", None)
    return node


def _comments(tree: exp.Expression) -> list[str]:
    """COMMENT ON for the labels in a CREATE's OPTIONS."""
    if not isinstance(tree, exp.Create):
        return []
    properties = tree.args.get("properties")
    labels: list[str] = []
    for item in properties.expressions if properties else []:
        if isinstance(item, exp.Property) and item.name == "labels":
            pairs = item.args["value"].expressions
            labels = ["=".join(part.name for part in pair.expressions) for pair in pairs]
    if not labels:
        return []
    kind = str(tree.args["kind"]).upper()
    target = tree.find(exp.Table)
    assert target is not None
    named = exp.table_(target.this, db=target.args.get("db")).sql(dialect="duckdb")
    return [f"COMMENT ON {kind} {named} IS {text('; '.join(labels)).sql(dialect='duckdb')}"]


def _read_json_once(tree: exp.Expression) -> None:
    """Several JSON_VALUEs or JSON_TYPEs of one column in one SELECT read its text once, by a list of paths.

    DuckDB computes the equal list expressions once. Measured on 350,000 responses and nine paths: 0.4 against 1.3 s.
    """
    for select in tree.find_all(exp.Select):
        groups: dict[tuple[str, str], list[exp.Anonymous]] = {}
        for projection in select.expressions:
            for found in projection.find_all(exp.Anonymous):
                if found.name in _LISTED and isinstance(found.expressions[0], exp.Column):
                    groups.setdefault((found.name, found.expressions[0].sql()), []).append(found)
        for (name, _), calls in groups.items():
            paths = list(dict.fromkeys(found.expressions[1].name for found in calls))
            if len(paths) < 2:
                continue
            for found in calls:
                listed = call(_LISTED[name], found.expressions[0].copy(),
                              exp.Array(expressions=[text(path) for path in paths]))  # fmt: skip
                one = call("list_extract", listed, number(paths.index(found.expressions[1].name) + 1))
                found.replace(
                    call("json_extract_string", one, text("$")) if name == "googlesql.json_value"
                    else call("googlesql.json_type_name", one)
                )  # fmt: skip


_LISTED = {"googlesql.json_value": "googlesql.json_values", "googlesql.json_type_at": "json_type"}


def _words(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.token_type in (TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING)
            or token.text.isidentifier()]  # fmt: skip
