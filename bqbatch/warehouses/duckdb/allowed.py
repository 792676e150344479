"""What is let in: functions by name, syntax by the kind of node, each refusal with its place and a way out."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable

from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from bqbatch.errors import Unsupported
from bqbatch.warehouses.duckdb.functions import FUNCTIONS
from bqbatch.warehouses.duckdb.spellings import SPELLINGS

_T = exp.DataType.Type
_ELSEWHERE = "the functions it has are listed in sql/README.md; or run on BigQuery"

_SYNTAX = {
    "add", "alias", "all", "and", "anonymous", "any", "array", "attimezone", "between", "bitwiseand", "bitwisenot", "bitwiseor", "bitwisexor", "boolean", "bracket", "case", "cast", "cluster",
    "clusteredbyproperty", "clusterproperty", "column", "columndef", "comment", "create", "cte", "cube", "datatype",
    "datatypeparam", "delete", "distinct", "div", "dot", "dpipe", "drop", "eq", "except", "exists", "extract",
    "from", "group", "groupingsets", "gt", "gte", "having", "havingmax", "hexstring", "identifier", "if", "ignorenulls", "in",
    "insert", "intersect", "interval", "introducer", "is", "join", "kwarg", "like", "limit", "literal", "lt", "lte",
    "mul", "neg", "neq", "not", "null", "nullsafeeq", "nullsafeneq", "offset", "or", "order", "ordered",
    "parameter", "paren", "parsejson", "partition", "pivot", "pivotalias", "placeholder", "properties", "property", "propertyassign",
    "propertyeq", "qualify", "rawstring", "respectnulls", "rollup", "safefunc", "schema", "select", "setoperation", "star",
    "struct", "sub", "subquery", "table", "tablealias", "trycast", "tuple", "union", "unnest", "update", "values",
    "var", "where", "window", "windowspec", "with",
}  # fmt: skip
_CALLED = {
    "ARRAY", "STRUCT", "CAST", "SAFE_CAST", "EXTRACT", "IF", "UNNEST", "EXISTS", "IN", "VALUES", "OVER", "AS", "AND", "OR",
    "NOT", "ON", "USING", "WHEN", "THEN", "ELSE", "SELECT", "FROM", "WHERE", "BY", "EXCEPT", "REPLACE", "ALL", "DISTINCT",
    "UNION", "LIMIT", "BETWEEN", "LIKE", "HAVING", "QUALIFY", "OPTIONS", "INTERVAL", "WITH", "OFFSET", "ORDINAL",
    "SAFE_OFFSET", "SAFE_ORDINAL", "INTO", "JOIN", "CASE", "PARTITION", "RETURN", "SET", "DATE", "RECURSIVE", "WEEK",
    "IS", "NUMERIC", "STRING", "BYTES", "ANY", "SOME", "ROLLUP", "CUBE", "GROUPING SETS", "PIVOT", "UNPIVOT", "FOR", "NULLS",
}  # fmt: skip


def check_functions(tokens: list[Token]) -> None:
    """Refuses the first function that the embedded engine does not answer."""
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
        if name == "RANGE_BUCKET" and before[-1:] == [
            "PARTITION BY"
        ]:  # of a table; elsewhere `check_syntax` refuses it
            continue
        if name in ("EXCEPT", "REPLACE") and before[-1:] in (["*"], [")"]):
            continue
        if name not in FUNCTIONS:
            raise Unsupported(f"the embedded engine has no function {name}", _way_out(name), offset=token.start)


def _way_out(name: str) -> str:
    if name in SPELLINGS:
        return f"write {SPELLINGS[name]}"
    if name.startswith("SAFE.") and name[5:] in FUNCTIONS:
        return f"call {name[5:]} only where its arguments are good: IF(…, {name[5:]}(…), NULL)"
    near = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.75)
    return f"did you mean {near[0]}?" if near else _ELSEWHERE


def check_syntax(tree: exp.Expr) -> None:
    """Refuses the first piece of syntax that would be read otherwise, or not at all."""
    for node in tree.walk():
        refusal = _REFUSALS.get(type(node))
        told = refusal(node) if refusal else None
        if told:
            raise Unsupported(*told, offset=start(node))
        if type(node).__name__.lower() not in _SYNTAX:
            raise Unsupported(
                f"the embedded engine does not translate {node.sql('bigquery')[:60]!r} ({type(node).__name__})",
                "say it with plain SELECT, JOIN, CASE and the functions listed in sql/README.md; or run on BigQuery",
                offset=start(node),
            )


def start(node: exp.Expr) -> int:
    """Where a piece of the tree starts in its text, as far as sqlglot knows."""
    return min((found.meta["start"] for found in node.walk() if "start" in found.meta), default=0)


Told = tuple[str, str] | None


def _type(node: exp.DataType) -> Told:
    name = node.sql("bigquery")
    if node.this in (_T.BIGDECIMAL, _T.GEOGRAPHY, _T.INTERVAL, _T.RANGE):
        return f"the embedded engine has no type {name}", "use NUMERIC or STRING"
    if any(isinstance(part, exp.DataTypeParam) for part in node.expressions):
        return f"the embedded engine has no type {name}", "leave out the length: CAST(x AS STRING), ROUND(x, 2)"
    return None


def _anonymous(node: exp.Anonymous) -> Told:
    name = node.name.upper()
    part = name == "WEEK" and isinstance(node.parent, (exp.Extract, exp.Anonymous))
    if name in FUNCTIONS or name == "STRUCT" or part or isinstance(node.parent, (exp.SafeFunc, exp.Dot)):
        return None
    return f"the embedded engine has no function {name}", _way_out(name)


def _select(node: exp.Select) -> Told:
    if node.args.get("kind") and not isinstance(node.parent, exp.Array) and not _is_value(node):
        return (
            f"the embedded engine takes SELECT AS {node.args['kind']} only in ARRAY(…) and as a value",
            "select STRUCT(x AS name) AS column",
        )
    if node.args.get("where") and not node.args.get("from_"):
        return "a query without FROM can't have WHERE", "add FROM"
    distinct = node.args.get("distinct")
    if distinct and distinct.args.get("on"):
        return "GoogleSQL has no DISTINCT ON", "write QUALIFY ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) = 1"
    return None


def _is_value(node: exp.Select) -> bool:
    """Whether a query stands where a value is expected."""
    if str(node.args["kind"]).upper() != "STRUCT" or not isinstance(node.parent, exp.Subquery):
        return False
    return not isinstance(node.parent.parent, (exp.From, exp.Join, exp.Query, exp.In, exp.Exists)) or (
        isinstance(node.parent.parent, exp.Select) and node.parent.arg_key == "expressions"
    )


def _join(node: exp.Join) -> Told:
    kinds = (node.method or "").upper(), (node.side or "").upper(), (node.kind or "").upper()
    if kinds[0] or kinds[1] not in ("", "LEFT", "RIGHT", "FULL") or kinds[2] not in ("", "INNER", "CROSS", "OUTER"):
        return f"GoogleSQL has no {' '.join(filter(None, kinds))} JOIN", "write JOIN … ON or JOIN … USING"
    return None


def _tuple(node: exp.Tuple) -> Told:
    if isinstance(
        node.parent,
        (
            exp.Array,
            exp.In,
            exp.Values,
            exp.PropertyEQ,
            exp.Property,
            exp.EQ,
            exp.Group,
            exp.Tuple,
            exp.Any,
            exp.All,
            exp.Rollup,
            exp.Cube,
            exp.GroupingSets,
        ),
    ):
        return None
    if isinstance(node.parent, exp.Cast):
        return None
    return "a tuple has no names for its fields here", "write STRUCT(x AS name, y AS other)"


def _values(node: exp.Values) -> Told:
    if isinstance(node.parent, exp.Insert):
        return None
    return "GoogleSQL has VALUES in INSERT only", "write FROM UNNEST([STRUCT(1 AS x), STRUCT(2 AS x)])"


def _cast(node: exp.Cast) -> Told:
    if node.args.get("format"):
        return "the embedded engine does not cast by FORMAT", "write FORMAT_DATE('%Y-%m-%d', x), or CAST without FORMAT"
    return None


def _bytes(_: exp.Expr) -> Told:
    return "the embedded engine has no literals of BYTES", "write CAST('…' AS BYTES) or FROM_HEX('…')"


def _modulo(_: exp.Expr) -> Told:
    return "GoogleSQL has no operator %", "write MOD(a, b)"


def _star(node: exp.Star) -> Told:
    if node.args.get("rename"):
        return "GoogleSQL has no * RENAME", "write * EXCEPT (a), a AS b"
    return None


_REFUSALS: dict[type[exp.Expr], Callable[..., Told]] = {
    exp.Anonymous: _anonymous,
    exp.ByteString: _bytes,
    exp.Cast: _cast,
    exp.DataType: _type,
    exp.Join: _join,
    exp.Mod: _modulo,
    exp.Select: _select,
    exp.Star: _star,
    exp.TryCast: _cast,
    exp.Tuple: _tuple,
    exp.Values: _values,
}
