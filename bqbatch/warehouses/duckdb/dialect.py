"""GoogleSQL as sqlglot reads it, with sqlglot's own knowledge of functions switched off.

So nothing is transpiled silently: a function is in `functions.FUNCTIONS` or refused by name.
"""

from __future__ import annotations

import itertools
import re
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.parsers.bigquery import BigQueryParser
from sqlglot.tokens import Token, TokenType

from bqbatch.errors import Unsupported, WarehouseError

_ESCAPE = re.compile(
    r"\\(?:[abfnrtv\\?\"'`\n]|[0-3][0-7]{2}|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(.))", re.DOTALL
)


class GoogleSQL(BigQuery):
    """sqlglot's BigQuery dialect without its functions."""

    class Parser(BigQueryParser):
        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {
            name: parser
            for name, parser in BigQueryParser.FUNCTION_PARSERS.items()
            if name in ("ARRAY", "CAST", "EXTRACT", "SAFE_CAST")
        }
        NO_PAREN_FUNCTIONS: ClassVar = {}


class Engine(DuckDB):
    """sqlglot's DuckDB dialect, which prints IGNORE NULLS where it stands."""

    class Generator(DuckDBGenerator):
        def ignorenulls_sql(self, expression: exp.IgnoreNulls) -> str:
            return f"{self.sql(expression, 'this')} IGNORE NULLS"


def written(tree: exp.Expr) -> str:
    """DuckDB's text of a tree, or Unsupported where sqlglot would leave something out."""
    try:
        return tree.sql(dialect=Engine, comments=False, normalize_functions=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise Unsupported(
            f"the embedded engine does not translate this: {error}", "run it on BigQuery", offset=0
        ) from None


def parse(sql: str) -> tuple[list[Token], exp.Expr]:
    """The words of one statement and its tree, or a WarehouseError at the place where reading ended."""
    dialect = GoogleSQL()
    try:
        tokens = dialect.tokenize(sql)
        _check_escapes(sql, tokens)
        _check_script(tokens)
        trees = [tree for tree in dialect.parser().parse(tokens, sql) if tree is not None]
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
        raise Unsupported("a query is expected", "write a SELECT", offset=0)
    return tokens, trees[0]


_SCRIPT = {"BEGIN", "CALL", "DECLARE", "EXECUTE", "FOR", "IF", "LOOP", "REPEAT", "SET", "WHILE"}


def _check_script(tokens: list[Token]) -> None:
    """Refuses more than one statement, and statements of the procedural language."""
    words = [token.text.upper() for token in tokens]
    if words and words[0] in _SCRIPT:
        hint = "write one SELECT; a value goes into WITH, or is given by {{ var('name') }}"
        raise Unsupported(f"a script ({words[0]} …) is not one query", hint, offset=tokens[0].start)
    for token, after in itertools.pairwise(tokens):
        if token.token_type == TokenType.SEMICOLON and after.token_type != TokenType.SEMICOLON:
            if "FUNCTION" in words[:5]:
                raise Unsupported("a function of one's own is not taken", "write what it does in place", offset=0)
            raise Unsupported("one statement is expected", "take out what follows the semicolon", offset=after.start)


def _offset(sql: str, details: dict[str, object]) -> int:
    lines = sql.splitlines(keepends=True)
    row = int(str(details.get("line", 1))) - 1
    return sum(map(len, lines[:row])) + max(
        0, int(str(details.get("col", 1))) - len(str(details.get("highlight") or ""))
    )


def _check_escapes(sql: str, tokens: list[Token]) -> None:
    for token in tokens:
        if token.token_type == TokenType.STRING and "\\" in sql[token.start : token.end + 1]:
            for found in _ESCAPE.finditer(sql, token.start, token.end + 1):
                if found[1]:
                    raise WarehouseError(
                        f"`{found[0]}` is no escape in a string", "write r'…' for a pattern, or \\\\ for a backslash",
                        offset=found.start(),
                    )  # fmt: skip


def words(sql: str, dialect: str) -> list[Token]:
    """The names and strings of a statement, in order."""
    return [
        token
        for token in sqlglot.tokenize(sql, dialect=dialect)
        if token.token_type in (TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING) or token.text.isidentifier()
    ]
