"""GoogleSQL's formats of dates and times in DuckDB's words: FORMAT_DATE, PARSE_DATE and their like."""

from __future__ import annotations

import re

from sqlglot import exp

from bqbatch.warehouses.duckdb.expressions import (
    Builder,
    Refused,
    between,
    call,
    cast,
    known,
    macro,
    string_literal,
    text,
)
from bqbatch.warehouses.duckdb.time_zones import in_zone

# Directives that both engines write alike.
_DIRECTIVES = {letter: f"%{letter}" for letter in "mdjaAbBHMSpIyUWVGuw%"} | {
    "F": "%Y-%m-%d", "T": "%H:%M:%S", "D": "%m/%d/%y", "R": "%H:%M", "Y": "%Y", "h": "%b",
    "x": "%m/%d/%y", "X": "%H:%M:%S", "E4Y": "%Y",
}  # fmt: skip


def formatted(name: str) -> Builder:
    """FORMAT_DATE and its like, for a format that is written out and whose directives both engines know."""

    def build(arguments: list[exp.Expr]) -> exp.Expr:
        zoned = len(arguments) == 3 and name == "a_timestamp"
        between(arguments, 2, 3 if zoned else 2)
        pattern = string_literal(arguments[0], "a format", "write it out: FORMAT_DATE('%Y-%m-%d', x)")
        made = ""
        for plain, directive in re.findall(r"([^%]+)|%(E4Y|.?)", pattern, re.DOTALL):
            if not plain and directive not in _DIRECTIVES:
                known_ones = " ".join(f"%{letter}" for letter in sorted(_DIRECTIVES))
                raise Refused(f"the embedded engine does not write %{directive}", f"it writes {known_ones}")
            made += plain or _DIRECTIVES[directive]
        value = in_zone(*arguments[1:]) if zoned else macro(name, arguments[1])
        value = macro("moment_of" if name == "a_time" else "four_digit_year", value)
        return known(call("strftime", value, text(made)), "STRING")

    return build


# What a directive of PARSE_DATE and its like reads for certain: the part that it tells, and its pattern.
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_NUMBER = "[0-9]{1,2}"
_DAYS = "mon tue wed thu fri sat sun"
_READ = {
    "Y": ("year", "[0-9]{1,4}"), "E4Y": ("year", "[0-9]{4}"), "y": ("short_year", "[0-9]{2}"), "m": ("month", _NUMBER),
    "d": ("day", _NUMBER), "e": ("day", _NUMBER), "H": ("hour", _NUMBER), "I": ("half_hour", _NUMBER), "M": ("minute", _NUMBER),
    "S": ("second", _NUMBER), "E*S": ("second", r"[0-9]{1,2}(?:\.[0-9]{1,6})?"), "p": ("half", "[AaPp][Mm]"),
    "b": ("month_name", "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?"
                        "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"),
    "a": ("weekday", "(?i:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"),
    "z": ("offset", "[+-](?:0[0-9]|1[0-3]):?[0-5][0-9]"), "Ez": ("offset", "[+-](?:0[0-9]|1[0-3]):?[0-5][0-9]|Z"),
}  # fmt: skip
# What GoogleSQL may read beyond that.
_LOOSE = {
    "year": "[0-9]{1,6}", "short_year": "[0-9]{1,2}", "second": r"[0-9]{1,2}(?:\.[0-9]*)?", "half": "[A-Za-z.]+", "offset": "[0-9zZ:+-]+",
    "month_name": f"(?i:{_MONTHS.replace(' ', '|')})[a-z]*", "weekday": f"(?i:{_DAYS.replace(' ', '|')})[a-z]*",
}  # fmt: skip
_READ |= {"B": _READ["b"], "h": _READ["b"], "A": _READ["a"]}
_WRITTEN_OUT = {"%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y"}
_DATE = {"year", "short_year", "month", "month_name", "day", "weekday"}
_CLOCK = {"hour", "half_hour", "half", "minute", "second"}
_KINDS = {"DATE": _DATE, "TIME": _CLOCK, "DATETIME": _DATE | _CLOCK, "TIMESTAMP": _DATE | _CLOCK | {"offset"}}
_TYPES = {"DATE": "DATE", "TIME": "TIME", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ"}


def parsed(kind: str, *, safe: bool = False) -> Builder:
    """PARSE_DATE and its like, for a format that is written out, as a pattern with a group for each part."""

    def build(arguments: list[exp.Expr]) -> exp.Expr:
        between(arguments, 2, 2)
        called = f"PARSE_{kind}"
        said = string_literal(arguments[0], "a format", f"write it out: {called}('%d/%m/%Y', x)")
        strict, loose, names = _patterns(said, _KINDS[kind])
        value = arguments[1]
        read = call("regexp_extract", value, text(strict), exp.Array(expressions=[text(name) for name in names]))
        parts: dict[str, exp.Expr] = {name: call("struct_extract", read, text(name)) for name in names}
        moment: exp.Expr = macro("text_datetime", _iso(parts))
        if "offset" in parts:
            moment = macro("less_offset", moment, macro("zone_minutes", parts["offset"]))
        answer = macro(
            "read_moment", moment, value.copy(), text(strict), text(loose), text(called), exp.Boolean(this=safe)
        )
        return known(cast(answer, _TYPES[kind]), kind)

    return build


def _patterns(said: str, taken: set[str]) -> tuple[str, str, list[str]]:
    """What a text has to look like for a format, what it may look like for GoogleSQL, and the parts in their order."""
    for short, full in _WRITTEN_OUT.items():
        said = said.replace(short, full)
    pieces = re.findall(r"(\s+)|%(E\*S|E4Y|Ez|.?)|(.)", said, re.DOTALL)
    strict = loose = ""
    names: list[str] = []
    for index, (space, directive, plain) in enumerate(pieces):
        if space or plain or directive == "%":
            piece = r"\s*" if space else re.escape(plain or directive)
            strict, loose = strict + piece, loose + piece
            continue
        name, pattern = _READ.get(directive, ("", ""))
        if name not in taken:
            known_ones = " ".join(sorted(f"%{known}" for known, (part, _) in _READ.items() if part in taken))
            raise Refused(f"the embedded engine does not read %{directive} here", f"it reads {known_ones}")
        if name in names:
            raise Refused(f"%{directive} tells a part twice", "tell each part once")
        following = pieces[index + 1][1] if index + 1 < len(pieces) else ""
        if pattern.startswith("[0-9]") and _READ.get(following, ("", ""))[1].startswith("[0-9]"):
            pattern = re.sub(r"\{1,(\d)\}$", r"{\1}", pattern)  # what follows takes digits too
        strict += f"({pattern})"
        loose += (" ?" if directive == "e" else "") + _LOOSE.get(name, _NUMBER)
        names.append(name)
    if ("half_hour" in names) != ("half" in names) or {"year", "short_year"} <= set(names) or not names:
        raise Refused("its parts do not make up a time here", "write %I with %p, %H alone, and one year")
    return rf"^\s*{strict}\s*$", rf"^\s*{loose}\s*$", names


def _iso(parts: dict[str, exp.Expr]) -> exp.Expr:
    """Year to second of what was read, as ISO 8601 writes them; what the format leaves out is that of 1970."""
    year = (
        macro("full_year", parts["short_year"])
        if "short_year" in parts
        else macro("four_digits", parts["year"])
        if "year" in parts
        else text("1970")
    )
    month = (
        macro("month_named", parts["month_name"], text(_MONTHS))
        if "month_name" in parts
        else parts.get("month", text("1"))
    )
    hour = macro("full_hour", parts["half_hour"], parts["half"]) if "half" in parts else parts.get("hour", text("0"))
    pieces = [year, "-", month, "-", parts.get("day", text("1")), " ", hour, ":", parts.get("minute", text("0")), ":"]
    joined: exp.Expr = parts.get("second", text("0"))
    for piece in reversed(pieces):
        left = text(piece) if isinstance(piece, str) else piece
        joined = exp.DPipe(this=left, expression=joined, safe=False)
    return exp.Paren(this=joined)
