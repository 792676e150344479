"""GoogleSQL's functions of strings in DuckDB's words."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import (
    Builder,
    Refused,
    between,
    call,
    cast,
    known,
    macro,
    number,
    string_literal,
    text,
)

# What TRIM takes off: Unicode's white space.
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def concat(arguments: list[exp.Expr]) -> exp.Expr:
    texts = [cast(argument, "VARCHAR") if isinstance(argument, exp.Null) else argument for argument in arguments]
    joined = texts[0]
    for argument in texts[1:]:
        joined = exp.DPipe(this=joined, expression=argument, safe=False)
    return exp.Paren(this=joined)


def trim(name: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 1, 2)
        return call(name, arguments[0], arguments[1] if len(arguments) > 1 else text(SPACES))

    return build


def how_many(node: exp.Expr, called: str) -> exp.Expr:
    """A number of characters, which is not negative."""
    literal = node.this if isinstance(node, exp.Cast) else node
    if isinstance(literal, exp.Literal) and not literal.is_string:
        return node
    return macro("how_many", node, text(called))


def substr(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 3)
    first = arguments[1]
    start = first.this if isinstance(first, exp.Cast) else first
    length = [how_many(argument, "SUBSTR") for argument in arguments[2:]]
    if isinstance(start, exp.Literal) and not start.is_string and int(start.name) > 0:
        return call("substr", arguments[0], first, *length)
    return macro("substr", arguments[0], first, *(length or [number(2**31 - 1)]))


def left(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return call("left", arguments[0], how_many(arguments[1], "LEFT"))


def right(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return call("right", arguments[0], how_many(arguments[1], "RIGHT"))


def pad(name: str) -> Builder:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 2, 3)
        return macro(name, *arguments, *([text(" ")] if len(arguments) < 3 else []))

    return build


def repeat(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return call("repeat", arguments[0], how_many(arguments[1], "REPEAT"))


def split(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 2)
    return macro("split", arguments[0], arguments[1] if len(arguments) > 1 else text(","))


def normalize(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 2)
    if len(arguments) == 2 and arguments[1].name.upper() != "NFC":
        raise Refused("DuckDB knows no normal form but NFC", "write NORMALIZE(x)")
    return known(macro("normalize", arguments[0]), "STRING")


def uuid(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 0, 0)
    return known(cast(call("uuid"), "VARCHAR"), "STRING")


# Regular expressions: both engines use RE2.


def groups_of(pattern: str) -> tuple[int, bool]:
    """How many capturing groups a pattern has, and whether one may take no part in a match."""
    count, at, skipped = 0, 0, False
    levels = [Level(capturing=False)]
    while at < len(pattern):
        sign = pattern[at]
        if pattern.startswith(r"\Q", at):
            end = pattern.find(r"\E", at)
            at = len(pattern) if end < 0 else end + 1
        elif sign == "\\":
            at += 1
        elif sign == "[":
            at = _end_of_class(pattern, at)
        elif sign == "(":
            levels.append(Level(capturing=not pattern.startswith("(?", at) or pattern.startswith(("(?P<", "(?<"), at)))
            count += levels[-1].capturing
        elif sign == "|":
            levels[-1].alternatives = True
        elif sign == ")" and len(levels) > 1:
            closed = levels.pop()
            inside = closed.capturing or closed.holds_group
            optional = pattern.startswith(("?", "*", "{0"), at + 1)
            skipped = skipped or (inside and optional) or (closed.holds_group and closed.alternatives)
            levels[-1].holds_group = levels[-1].holds_group or inside
        at += 1
    return count, skipped or (levels[0].holds_group and levels[0].alternatives)


@dataclass(slots=True)
class Level:
    """What stands between two brackets of a pattern."""

    capturing: bool
    holds_group: bool = False
    alternatives: bool = False


def _end_of_class(pattern: str, at: int) -> int:
    at += 1
    if pattern.startswith("^", at):
        at += 1
    if pattern.startswith("]", at):
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        if pattern.startswith("[:", at) and (end := pattern.find(":]", at)) > 0:
            at = end + 1
        at += 2 if pattern[at] == "\\" else 1
    return at


def _group(pattern: exp.Expr) -> int:
    said = string_literal(pattern, "a pattern", "write it out: REGEXP_EXTRACT(x, r'(\\d+)')")
    count, skipped = groups_of(said)
    if count > 1:
        raise Refused("a pattern has one group at most", "write (?:…) for the groups that are not wanted")
    if skipped:
        raise Refused(
            "its group may take no part in a match",
            "put what is optional inside: (a|b), (x*); and alone: REGEXP_CONTAINS",
        )
    return count


def regexp_extract(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return known(macro("regexp_extract", *arguments, number(_group(arguments[1]))), "STRING")


def regexp_extract_all(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 2, 2)
    return macro("regexp_extract_all", *arguments, number(_group(arguments[1])))


def regexp_replace(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 3, 3)
    return call("regexp_replace", *arguments, text("g"))


# Bytes.


def digest(name: str) -> Builder:
    """BYTES of a digest; DuckDB's functions give hex digits."""
    return lambda arguments: call("unhex", call(name, *arguments))


def to_hex(arguments: list[exp.Expr]) -> exp.Expr:
    between(arguments, 1, 1)
    inner = arguments[0]
    if isinstance(inner, exp.Anonymous) and inner.name == "unhex":
        digits = inner.expressions[0]
        return known(digits, "STRING") if digits.name in ("sha256", "sha1", "md5") else call("lower", digits)
    return call(
        "lower", call("hex", cast(inner, "BLOB") if isinstance(inner, exp.Null) else macro("some_bytes", inner))
    )
