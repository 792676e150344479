"""The user's SELECT as text: one statement, and which columns it makes, as far as the text tells."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

from bqbatch.errors import Place, PromptError
from bqbatch.prompt.source import File, Segment, SourceMap, check_characters
from bqbatch.prompt.template import PromptSpan
from bqbatch.prompt.traps import unclosed

NULL_COLUMN = "bqb_null_column"
_STARTS = {TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN}


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT: its text, origins, and the names of its columns (None where only the warehouse knows)."""

    sql: str
    source_map: SourceMap
    columns: tuple[str, ...] | None


def read_select(sql: str, source_map: SourceMap, prompts: tuple[PromptSpan, ...]) -> Select:
    """The one SELECT of a rendered prompt file; raises PromptError with its place otherwise.

    Beside a `prompt` column that the outermost SELECT makes, a column is put in that names what was NULL,
    unless the query counts its columns (set operations, ordinals), compares whole rows (DISTINCT) or groups them.
    """
    tokens = _tokens(sql, source_map)
    if after := _after_semicolon(tokens):
        raise PromptError(
            "a prompt file holds one SELECT; another statement starts here",
            "give each prompt a file of its own; WITH names what a SELECT builds on",
            source_map.place(after.start),
        )
    if end := next((token for token in tokens if token.token_type == TokenType.SEMICOLON), None):
        sql = sql[: end.start]
        tokens = [token for token in tokens if token.start < end.start]
    if not tokens:
        raise PromptError("there is no SELECT in this file", "SELECT id AS key, {{ prompt('…') }} AS prompt FROM …",
                          source_map.place(0))  # fmt: skip
    if tokens[0].token_type not in _STARTS:
        select = next((token.start for token in tokens if token.token_type == TokenType.SELECT), len(sql))
        if prompts and prompts[0].end <= select:
            raise PromptError(
                "{% prompt %} stands before the SELECT: it is one of its columns",
                "SELECT id AS key, {% prompt %} … {column} … {% endprompt %} AS prompt FROM …",
                source_map.place(tokens[0].start),
            )
        raise PromptError(
            f"a prompt is a SELECT, this starts with {tokens[0].text}",
            "start with SELECT or WITH; bqbatch creates the tables itself",
            source_map.place(tokens[0].start),
        )
    _refuse_parameters(tokens, source_map.place)
    for token, after in itertools.pairwise(tokens):
        if token.token_type == after.token_type == TokenType.COMMA:  # sqlglot reads over it, BigQuery does not
            raise PromptError("two commas with nothing between", "take one out", source_map.place(after.start))
    tree = _parse(sql, source_map)
    if not isinstance(tree, exp.Query):
        raise PromptError("a prompt is a SELECT", "start with SELECT or WITH", source_map.place(tokens[0].start))
    for span in reversed(prompts):
        at = _after_alias(tokens, span.end)
        if span.null_column and at is not None and _takes_a_column(tree, tokens, span):
            piece = f", {span.null_column} AS {NULL_COLUMN}"
            sql = f"{sql[:at]}{piece}{sql[at:]}"
            source_map = source_map.inserted(at, len(piece))
    if prompts:
        tree = _parse(sql, source_map)
    assert isinstance(tree, exp.Query)
    columns = _columns(tree, {})
    return Select(sql.rstrip(), source_map, tuple(columns) if columns is not None else None)


def check_query(file: File) -> None:
    """Raises PromptError unless the text is one SELECT: nothing else reads without changing something."""
    check_characters(file.text, file.place)
    tokens = _tokens(file.text, SourceMap((file,), (Segment(0, 0, 0, copied=True),)))
    if not tokens or tokens[0].token_type not in _STARTS:
        raise PromptError(
            f"a query is a SELECT, this starts with {tokens[0].text}" if tokens else "the query is empty",
            'bqbatch query "SELECT …"',
            file.place(tokens[0].start if tokens else 0),
        )
    _refuse_parameters(tokens, file.place)
    if after := _after_semicolon(tokens):
        raise PromptError("one statement is expected", "take out what follows the semicolon", file.place(after.start))
    with contextlib.suppress(ParseError):  # the warehouse will say it
        for tree in sqlglot.parse(file.text, dialect="bigquery"):
            if tree is not None and not isinstance(tree, exp.Query):
                raise PromptError("a query is a SELECT", "it changes nothing", file.place(tokens[0].start))


def check_condition(file: File) -> None:
    """Raises PromptError unless the text is one expression, which can stand in brackets after WHERE."""
    check_characters(file.text, file.place)
    source_map = SourceMap((file,), (Segment(0, 0, 0, copied=True),))
    tokens = _tokens(file.text, source_map)
    _refuse_parameters(tokens, file.place)
    end = next((token for token in tokens if token.token_type == TokenType.SEMICOLON), None)
    tree = None if end or not tokens else _parse(file.text, source_map, "the condition")
    if end or not (isinstance(tree, exp.Condition) or (isinstance(tree, exp.Subquery) and not tree.alias)):
        raise PromptError(
            "a condition is one expression" if tokens else "the condition is empty",
            "take out the semicolon" if end else """such as --where "_outcome != 'ok'\"""",
            file.place(end.start if end else tokens[0].start if tokens else 0),
        )


def _after_semicolon(tokens: list[Token]) -> Token | None:
    """The first token of a second statement."""
    rest = itertools.dropwhile(lambda token: token.token_type != TokenType.SEMICOLON, tokens)
    return next((token for token in rest if token.token_type != TokenType.SEMICOLON), None)


def _refuse_parameters(tokens: list[Token], place: Callable[[int], Place]) -> None:
    parameter = next((t for t in tokens if t.token_type in (TokenType.PARAMETER, TokenType.PLACEHOLDER)), None)
    if parameter:
        raise PromptError(
            "query parameters have no values here", "in a prompt file, use {{ var('name') | literal }} and --var name=…",
            place(parameter.start),
        )  # fmt: skip


def _tokens(sql: str, source_map: SourceMap) -> list[Token]:
    try:
        return sqlglot.tokenize(sql, dialect="bigquery")
    except TokenError:
        opened = unclosed(sql)  # sqlglot tells no position
        raise PromptError(
            f"{opened[0]} opens here and is not closed" if opened else "the SQL can't be read to its end",
            "close it, here or where it should end" if opened else "is a quote, a backtick or a comment left open?",
            source_map.place(opened[1] if opened else 0),
        ) from None  # fmt: skip


def _parse(sql: str, source_map: SourceMap, what: str = "the SELECT") -> exp.Expr:
    try:
        return sqlglot.parse_one(sql, dialect="bigquery")
    except ParseError as error:
        details = error.errors[0] if error.errors else {}
        lines = re.split(r"(?<=\n)", sql)
        row = max(0, min(int(details.get("line", 1)) - 1, len(lines)))
        token = str(details.get("highlight") or "")
        offset = sum(map(len, lines[:row])) + max(0, int(details.get("col", 1)) - len(token))
        near = f" near `{token}`" if token.strip() else ""
        raise PromptError(
            f"{what} can't be read{near}: {re.sub(r' for <class .*', '', details.get('description') or 'syntax error')}",
            "is a comma or a bracket missing, here or just before?",
            source_map.place(offset),
        ) from None


def _takes_a_column(tree: exp.Query, tokens: list[Token], span: PromptSpan) -> bool:
    """Whether the query means the same with one more column beside a prompt."""
    before = [token.token_type for token in tokens if token.start < span.end]
    outermost = before.count(TokenType.L_PAREN) == before.count(TokenType.R_PAREN)
    if outermost:
        return isinstance(tree, exp.Select) and not _counts_columns(tree)
    return not tree.find(exp.SetOperation) and not any(map(_counts_columns, tree.find_all(exp.Select)))


def _counts_columns(select: exp.Select) -> bool:
    clauses = [select.args[name] for name in ("group", "order") if select.args.get(name)]
    keys = [key.this if isinstance(key, exp.Ordered) else key for clause in clauses for key in clause.expressions]
    grouped = select.args.get("group") and "prompt" in map(str.lower, select.named_selects)
    return bool(select.args.get("distinct") or grouped) or any(isinstance(key, exp.Literal) for key in keys)


def _after_alias(tokens: list[Token], end: int) -> int | None:
    """The offset after `AS prompt` or `AS parts`, where it follows `end` directly."""
    following = [token for token in tokens if token.start >= end][:2]
    if following and following[0].token_type == TokenType.ALIAS:
        following = following[1:]
    if following and following[0].text.lower() in ("prompt", "parts"):
        return following[0].end + 1
    return None


def _columns(query: exp.Expr, known: dict[str, list[str] | None]) -> list[str] | None:
    """The column names of a query, or None where a star stands for a table's."""
    known = dict(known)
    with_ = query.args.get("with_") or query.args.get("with")
    for cte in with_.expressions if with_ else []:
        known[cte.alias.lower()] = _columns(cte.this, known)
    if isinstance(query, exp.Subquery):
        return _columns(query.this, known)
    if isinstance(query, exp.SetOperation):
        return _columns(query.left, known)
    if not isinstance(query, exp.Select):
        return None
    columns: list[str] = []
    for item in query.expressions:
        if not item.is_star:
            item = item.unnest()
            columns.append(item.alias_or_name if isinstance(item, (exp.Alias, exp.Column, exp.Dot)) else "")
            continue
        if not isinstance(item, exp.Star) and not isinstance(item, exp.Column):
            return None
        qualifier = item.table.lower() if isinstance(item, exp.Column) else ""
        star = item if isinstance(item, exp.Star) else item.this
        spread: list[str] = []
        sources = _sources(query)
        if any(join.args.get("using") for join in query.args.get("joins") or []):
            return None  # a column in USING is not doubled
        if qualifier:
            sources = [source for source in sources if source.alias_or_name.lower() == qualifier]
        if not sources:
            return None  # the fields of a STRUCT
        for source in sources:
            if isinstance(source, exp.Subquery):
                names = _columns(source, known)
            elif isinstance(source, exp.Table) and not source.db:
                names = known.get(source.name.lower())
            else:
                names = None
            if names is None:
                return None
            spread += names
        dropped = {name.name.lower() for name in star.args.get("except_") or star.args.get("except") or []}
        columns += [name for name in spread if name.lower() not in dropped]
    return columns


def _sources(select: exp.Select) -> list[exp.Expr]:
    from_ = select.args.get("from_") or select.args.get("from")
    joins = select.args.get("joins") or []
    return [*([from_.this] if from_ else []), *(join.this for join in joins)]
