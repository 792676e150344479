"""Clocks in time zones, in DuckDB's words."""

from __future__ import annotations

import re

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import Refused, call, cast, macro, number, string_literal

# Names of the time zone database, offsets and UTC.
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_-]+)+|[+-]\d{1,2}(?::[0-5]\d)?")


def in_zone(moment: exp.Expr, zone: exp.Expr) -> exp.Expr:
    """The DATETIME that a clock in a time zone shows at a TIMESTAMP."""
    name = string_literal(zone, "a time zone", "write it out: DATE(x, 'Europe/Paris')")
    if not _ZONE.fullmatch(name):
        raise Refused(f"{name} is no name of a time zone here", "write 'Europe/Paris', '+05:30' or 'UTC'")
    value = macro("a_timestamp", moment)
    if name[0] in "+-":
        hours, _, minutes = name[1:].partition(":")
        shift = (1 if name[0] == "+" else -1) * (int(hours) * 60 + int(minutes or 0))
        if abs(shift) > 14 * 60:
            raise Refused(f"{name} is no time zone", "offsets go up to 14 hours")
        moved_by = call("to_minutes", number(abs(shift)))
        clock = cast(value, "TIMESTAMP")
        return exp.Paren(this=(exp.Add if shift >= 0 else exp.Sub)(this=clock, expression=moved_by))
    return macro("in_zone", value, zone)


def at_zone(node: exp.AtTimeZone) -> exp.Expr:
    """x AT TIME ZONE 'zone', which stands in EXTRACT only."""
    return in_zone(node.this, node.args["zone"])
