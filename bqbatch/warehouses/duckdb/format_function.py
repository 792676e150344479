"""FORMAT in DuckDB's words: a literal format as pieces of text that are joined."""

from __future__ import annotations

import re

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import Refused, known, macro, number, shown, string_literal, text

_DIRECTIVE = re.compile(r"%(?:(%)|([-+ 0']*)(\d*)(?:\.(\d+))?([a-zA-Z]?))")
_WAY_OUT = "write %d, %s, %t, %.2f, %e, %g, a width as in %5d, or %'d"


def formatted(arguments: list[exp.Expr]) -> exp.Expr:
    """The text of FORMAT('…', x, y)."""
    said = string_literal(arguments[0], "a format", "write it out: FORMAT('%d of %s', x, y)")
    values = iter(arguments[1:])
    pieces: list[exp.Expr] = []
    at = 0
    for found in re.finditer(_DIRECTIVE, said):
        if said[at : found.start()]:
            pieces.append(text(said[at : found.start()]))
        value = None if found[1] else next(values, None)
        if value is None and not found[1]:
            raise Refused("its format has more directives than there are values", "write %% for a percent sign")
        pieces.append(text("%") if value is None else _piece(found, value))
        at = found.end()
    pieces += [text(said[at:])] if said[at:] or not pieces else []
    if next(values, None) is not None:
        raise Refused("it has more values than its format has directives", "write %t for each")
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = exp.DPipe(this=joined, expression=piece, safe=False)
    return known(exp.Paren(this=joined), "STRING")


def _piece(found: re.Match[str], value: exp.Expr) -> exp.Expr:
    flags, width, precision, directive = found[2], found[3], found[4], found[5]
    if len(width) > 3 or len(precision or "") > 2:
        raise Refused(f"{found[0]} is too wide", _WAY_OUT)
    sign = "".join(flag for flag in "+ 0" if flag in flags)
    plain = not sign and "'" not in flags
    made: exp.Expr
    match directive:
        case "d" | "i" if precision is None:
            made = (
                macro("format_grouped", value)
                if "'" in flags
                else macro("format_integer", value, text(f"%{_padded(sign, width, flags)}d"))
            )
            if "'" in flags and sign:
                raise Refused(f"{found[0]} is not taken", _WAY_OUT)
        case "f" | "F" if "'" in flags and not sign and directive == "f":
            made = macro("format_grouped_fixed", value, text(f"{{:,.{precision or 6}f}}"))
        case "f" if "'" not in flags:
            digits = precision or "6"
            pattern = f"%{_padded(sign, width, flags)}.{digits}f"
            made = macro("format_fixed", value, text(pattern), number(min(int(digits), 9)))
        case "e" | "E" | "g" | "G" if "'" not in flags:
            point = f".{precision}" if precision is not None else ""
            made = macro("format_float", value, text(f"%{_padded(sign, width, flags)}{point}{directive}"))
        case "s" if plain:
            made = macro("format_string", value)
            if precision is not None:
                made = macro("first_characters", made, number(int(precision)))
        case "t" if plain and precision is None:
            made = exp.Coalesce(this=macro("plain_text", value, shown(value)), expressions=[text("NULL")])
        case _:
            raise Refused(f"the embedded engine does not write {found[0]}", _WAY_OUT)
    return macro("aligned", made, number(int(width) * (-1 if "-" in flags else 1))) if width else made


def _padded(sign: str, width: str, flags: str) -> str:
    """The flags of a number, and its width where zeros fill it."""
    return sign.replace("0", "") + (f"0{width}" if "0" in sign and width and "-" not in flags else "")
