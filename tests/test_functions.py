"""Every folder under tests/cases/functions, syntax and refused is one query, answered or refused.

`query.sql` says in its first comment what it shows; a line `-- Note:` tells what is different all the same.
`expect.jsonl` is what GoogleSQL says, and the embedded warehouse must say too, types included: a row a line; whole
numbers beyond 2^53, NUMERIC, dates and times as text, BYTES in base64, JSON as text with sorted fields. `expect.txt`
is the error: what, where (line:column), and the way out. `pytest --rewrite` writes both, and the list in sql/README.md.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch import sqlfiles
from bqbatch.errors import BqbatchError, WarehouseError
from bqbatch.warehouses import Statement
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from bqbatch.warehouses.duckdb.functions import FUNCTIONS
from bqbatch.warehouses.duckdb.spellings import SPELLINGS
from bqbatch.warehouses.duckdb.translate import translate
from tests.oracle.googlesql import googlesql

CASES = Path(__file__).parent / "cases"
README = sqlfiles.folder() / "README.md"
ANSWERED = sorted([*(CASES / "functions").iterdir(), *(CASES / "syntax").iterdir()])
REFUSED = sorted((CASES / "refused").iterdir())
MARKS = "<!-- written by pytest --rewrite -->\n", "<!-- until here -->"

UNJUDGED = {
    "NORMALIZE": "of the normal forms NFC alone. The judge lacks Unicode's tables: Python's are the expectation."
}

Rows = list[dict[str, Any]]
Types = list[tuple[str, str]]


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBWarehouse]:
    opened = DuckDBWarehouse(tmp_path_factory.mktemp("functions") / "warehouse.duckdb", "llm")
    with opened._open():  # a file that is open opens again at once
        yield opened


def query(folder: Path) -> str:
    return (folder / "query.sql").read_text("utf-8")


@pytest.mark.parametrize("folder", ANSWERED, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_both_engines_answer_alike(folder: Path, warehouse: DuckDBWarehouse, rewrite: bool) -> None:
    types, rows = said_by_googlesql(query(folder))
    file = folder / "expect.jsonl"
    if rewrite:
        file.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    assert rows == [json.loads(line) for line in file.read_text("utf-8").split("\n") if line], "GoogleSQL"
    found = warehouse.read(query(folder))
    answered = [(column.name, column.type) for column in found.columns]
    assert [
        {name: plain(value, kind) for (name, kind), value in zip(answered, row, strict=True)} for row in found.rows
    ] == rows
    assert answered == types


@pytest.mark.parametrize("folder", REFUSED, ids=lambda folder: folder.name)
def test_what_is_refused_is_told_with_its_place_and_a_way_out(
    folder: Path, warehouse: DuckDBWarehouse, rewrite: bool
) -> None:
    with pytest.raises(WarehouseError) as raised:
        warehouse.read(query(folder))
    file = folder / "expect.txt"
    if rewrite:
        file.write_text(told(raised.value, query(folder)), "utf-8")
    assert told(raised.value, query(folder)) == file.read_text("utf-8")


def test_every_function_has_a_case_and_every_case_a_function() -> None:
    cases = {folder.name for folder in (CASES / "functions").iterdir()}
    assert cases | UNJUDGED.keys() == FUNCTIONS.keys()
    for name in cases:
        assert f"{name}(" in query(CASES / "functions" / name)


def test_normal_forms_are_those_of_unicode(warehouse: DuckDBWarehouse) -> None:
    # Characters that both know: Python's tables may be older than DuckDB's.
    letters = [chr(n) for n in range(1, 0x110000) if unicodedata.category(chr(n)) not in ("Cn", "Cs", "Co")]
    assert len(letters) > 100_000
    texts = ["".join(letters[at : at + 500]) for at in range(0, len(letters), 500)]
    texts += [unicodedata.normalize("NFD", text) for text in texts] + ["e\u0323\u0302", "ﬁ", ""]
    for text in texts:
        found = warehouse.read("SELECT NORMALIZE(@text) AS a, NORMALIZE(@text, NFC) AS b", {"text": text})
        assert found.rows == ((unicodedata.normalize("NFC", text),) * 2,)


def test_the_tables_and_columns_of_a_dataset_are_listed(warehouse: DuckDBWarehouse) -> None:
    kinds = [
        "INT64",
        "FLOAT64",
        "NUMERIC",
        "STRING",
        "BOOL",
        "DATE",
        "TIME",
        "DATETIME",
        "TIMESTAMP",
        "JSON",
        "BYTES",
        "ARRAY<INT64>",
    ]
    nested = "STRUCT<a INT64, b ARRAY<STRUCT<c STRING, d ARRAY<FLOAT64>>>, e STRUCT<f TIMESTAMP>>"
    kinds += [nested, f"ARRAY<{nested}>"]
    columns = ", ".join(f"CAST(NULL AS {kind}) AS c{at}" for at, kind in enumerate(kinds))
    warehouse.execute(
        Statement(f"CREATE TABLE llm.of_all_types AS SELECT {columns}", "table"),
        Statement("CREATE VIEW llm.a_view AS SELECT * FROM llm.of_all_types", "view"),
    )
    listed = "SELECT {} FROM llm.INFORMATION_SCHEMA.{} WHERE table_schema = 'llm' AND table_name IN ('a_view', 'of_all_types') ORDER BY {}"
    found = warehouse.read(
        listed.format("table_name, column_name, data_type", "COLUMNS", "table_name, ordinal_position")
    )
    of_one = [(f"c{at}", kind) for at, kind in enumerate(kinds)]
    assert found.rows == tuple((table, *column) for table in ("a_view", "of_all_types") for column in of_one)
    tables = warehouse.read(listed.format("table_name, table_type", "TABLES", "table_name"))
    assert tables.rows == (("a_view", "VIEW"), ("of_all_types", "BASE TABLE"))
    elsewhere = warehouse.read(
        "SELECT COUNT(*) AS n FROM nowhere.INFORMATION_SCHEMA.COLUMNS AS c WHERE c.is_hidden = 'NO'"
    )
    assert elsewhere.rows == ((0,),)


def test_what_to_write_instead_is_not_refused_itself() -> None:
    assert not SPELLINGS.keys() & FUNCTIONS.keys()
    for name, spelling in SPELLINGS.items():
        called = set(re.findall(r"\b([A-Z][A-Z_0-9]+)\(", spelling)) - {
            "SAFE_OFFSET",
            "CAST",
            "SAFE_CAST",
            "STRUCT",
            "IF",
        }
        assert called <= FUNCTIONS.keys(), name


def test_a_case_starts_with_what_it_shows() -> None:
    for folder in [*ANSWERED, *REFUSED]:
        assert re.match(r"-- [^\n]+[.]\n(-- Note: [^\n]+[.]\n)?(?!--)", query(folder)), folder


def test_the_words_of_an_error_are_those_of_the_query() -> None:
    translation = translate("SELECT\n  UPPER(name) AS loud\nFROM llm.people")
    assert translation.offset_of(translation.statements[0].index("name")) == len("SELECT\n  UPPER(")
    assert translation.offset_of(translation.statements[0].index("people")) == translation.source.index("people")


def test_aggregates_inside_of_typed_functions_are_translated(warehouse: DuckDBWarehouse) -> None:
    sql = """
        SELECT ROUND(SUM(v) / COUNT(*) * 1.5, 1) AS a, CAST(MAX(d) AS STRING) AS b, TO_JSON_STRING(ARRAY_AGG(v ORDER BY v)) AS c,
          SUM(SUM(v)) OVER () AS e, CONCAT(CAST(AVG(d) AS STRING), '!') AS f, LENGTH(STRING_AGG(CAST(v AS STRING))) AS g
        FROM UNNEST([STRUCT(1 AS v, NUMERIC '0.5' AS d), (2, NUMERIC '2')])
        HAVING ROUND(AVG(d), 1) > 1 AND LENGTH(f) > 1
    """
    types, rows = said_by_googlesql(sql)
    found = warehouse.read(sql)
    assert [plain(value, kind) for (_, kind), value in zip(types, found.rows[0], strict=True)] == list(rows[0].values())


def test_the_page_lists_what_the_cases_show(rewrite: bool) -> None:
    before, start, rest = README.read_text("utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    assert (start, end) == MARKS, "sql/README.md has lost its marks"
    page = f"{before}{MARKS[0]}{listed()}{MARKS[1]}{after}"
    if rewrite:
        README.write_text(page, "utf-8")
    assert page == README.read_text("utf-8"), "pytest --rewrite tests/test_functions.py"


def said_by_googlesql(sql: str) -> tuple[Types, Rows]:
    found = googlesql().evaluate(sql, {})
    kinds = dict(found.columns)
    return list(found.columns), [{name: plain(value, kinds[name]) for name, value in row.items()} for row in found.rows]


def plain(value: Any, kind: str) -> Any:
    """A value as a line of expect.jsonl has it."""
    match value:
        case str() if kind == "JSON":
            # Of equal keys the first counts, in GoogleSQL as in DuckDB.
            pairs = json.loads(value, object_pairs_hook=lambda found: dict(reversed(found)))
            return json.dumps(pairs, ensure_ascii=False, sort_keys=True)
        case list():
            return [plain(item, kind.removeprefix("ARRAY<").removesuffix(">")) for item in value]
        case dict():
            return {name: plain(item, "") for name, item in value.items()}
        case Decimal():
            return f"{value:.9f}".rstrip("0").rstrip(".")
        case int() if abs(value) > 2**53 and not isinstance(value, bool):
            return str(value)
        case float() if not math.isfinite(value):
            return str(value)
        case dt.datetime() if value.tzinfo:
            return value.astimezone(dt.UTC).isoformat()
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
    return value


def told(error: WarehouseError, sql: str) -> str:
    """An error as expect.txt has it."""
    assert isinstance(error, BqbatchError)
    before = sql[: error.offset or 0]
    place = (
        f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}" if error.offset is not None else "no place"
    )
    return f"{place}: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else "")


def listed() -> str:
    """The page's list of functions and syntax, from the first comments of the cases."""
    lines = []
    for kind, title in (("functions", "Functions"), ("syntax", "Syntax")):
        notes = [(folder.name, header(folder)) for folder in sorted((CASES / kind).iterdir())]
        notes += [(name, ("", note)) for name, note in UNJUDGED.items() if kind == "functions"]
        same = ", ".join(
            f"`{name}`" if kind == "functions" else name.replace("_", " ") for name, (_, note) in notes if not note
        )
        lines += [f"### {title}", "", f"The same on both engines: {same}.", "", "The same, with a note:", ""]
        lines += [f"* `{name}`: {note}" for name, (_, note) in notes if note] + [""]
    lines += ["### Refused, and what to write instead", ""]
    lines += [f"* `{name}`: {_marked(spelling)}" for name, spelling in sorted(SPELLINGS.items())]
    lines += ["", "### Refused with its place", ""]
    for folder in REFUSED:
        message, _, hint = (folder / "expect.txt").read_text("utf-8").strip().partition("\nhint: ")
        lines.append(f"* {header(folder)[0].rstrip('.')}: {message.partition(': ')[2]}{f'; {hint}' if hint else ''}.")
    return "\n".join(["", *lines, ""])


def _marked(spelling: str) -> str:
    return f"`{spelling}`" if "(" in spelling or "[" in spelling or "=" in spelling else spelling


def header(folder: Path) -> tuple[str, str]:
    """What a case shows, and its note if it has one."""
    first, *more = query(folder).split("\n")
    note = more[0].removeprefix("-- Note: ") if more[0].startswith("-- Note: ") else ""
    return first.removeprefix("-- "), note
