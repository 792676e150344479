"""What the other tests may rely on when they ask GoogleSQL."""

import datetime as dt
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bqbatch import googlesql as analyser

from . import googlesql as oracle
from .googlesql import Analysis, GoogleSQL, GoogleSQLCrashError, GoogleSQLError, Table

UTC = dt.UTC
VALUES: dict[str, Any] = {
    "BOOL": True,
    "INT64": -(2**63),
    "FLOAT64": 0.1,
    "STRING": "é\n\u2028😀\0",
    "BYTES": b"\x00\xff",
    "DATE": dt.date(1, 1, 1),
    "TIME": dt.time(23, 59, 59, 999999),
    "DATETIME": dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
    "TIMESTAMP": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
    "NUMERIC": Decimal("-99999999999999999999999999999.999999999"),
    "BIGNUMERIC": Decimal("0.00000000000000000000000000000000000001"),
    "JSON": '{"a":[1,null,"\u2028"]}',
    "ARRAY<STRING>": ["a", None, ""],
    "STRUCT<a STRING, b STRUCT<c INT64, d ARRAY<DATE>>>": {
        "a": None,
        "b": {"c": 1, "d": [dt.date(2024, 2, 29)]},
    },
    "ARRAY<STRUCT<a JSON, n NUMERIC>>": [{"a": "1", "n": Decimal("1.5")}, {"a": None, "n": None}],
}
COLUMNS = {f"c{place}": name for place, name in enumerate(VALUES)}
ROWS = {"id": "INT64", "name": "STRING", "meta": "JSON", "tags": "ARRAY<STRING>"}
TABLES = {"llm.t": ROWS, "p-1.llm.u": ROWS}
SOME = Table(
    ROWS,
    [
        {"id": 1, "name": "ann", "meta": '{"b":2,"a":{"x":"y"}}', "tags": ["p", "q"]},
        {"id": 2, "name": "bob", "tags": []},
        (3, None, "null", None),
    ],
)


@pytest.fixture(scope="module")
def judge() -> GoogleSQL:
    return oracle.googlesql()


def values(judge: GoogleSQL, sql: str, **tables: Table) -> list[tuple[Any, ...]]:
    found = judge.evaluate(sql, {name.replace("__", "."): table for name, table in tables.items()})
    return [tuple(row.values()) for row in found.rows]


def test_every_type_is_named_as_it_was_declared(judge: GoogleSQL) -> None:
    found = judge.analyze("SELECT * FROM llm.everything", {"llm.everything": COLUMNS})
    assert found == Analysis("QueryStmt", tuple(COLUMNS.items()))


def test_every_type_comes_back_as_it_was_given(judge: GoogleSQL) -> None:
    table = Table(COLUMNS, [list(VALUES.values()), {}])
    found = judge.evaluate("SELECT * FROM llm.everything ORDER BY c0 DESC", {"llm.everything": table})
    assert found.columns == tuple(COLUMNS.items())
    assert found.rows == [dict(zip(COLUMNS, VALUES.values(), strict=True)), dict.fromkeys(COLUMNS)]


def test_every_type_is_a_parameter_too(judge: GoogleSQL) -> None:
    parameters = {name: (type_text, VALUES[type_text]) for name, type_text in COLUMNS.items()}
    sql = "SELECT " + ", ".join(f"@{name} AS {name}" for name in COLUMNS)
    assert judge.analyze(sql, {}, COLUMNS).columns == tuple(COLUMNS.items())
    assert judge.evaluate(sql, {}, parameters).rows == [dict(zip(COLUMNS, VALUES.values(), strict=True))]


@pytest.mark.parametrize("number", ["0", "-0.5", "1.5", "100", "-128", "127.000000001"])
def test_a_numeric_keeps_its_digits(judge: GoogleSQL, number: str) -> None:
    parameters = {"n": ("NUMERIC", Decimal(number))}
    found = judge.evaluate("SELECT @n AS n, CAST(@n AS STRING) AS text", {}, parameters).rows
    assert [(str(row["n"]), row["text"]) for row in found] == [(number, number)]


def test_a_number_too_fine_for_its_type_is_refused(judge: GoogleSQL) -> None:
    with pytest.raises(ValueError, match="9 decimals"):
        judge.evaluate("SELECT @n AS n", {}, {"n": ("NUMERIC", Decimal("0.0000000001"))})


def test_a_timestamp_may_be_text(judge: GoogleSQL) -> None:
    found = judge.evaluate("SELECT @t AS t", {}, {"t": ("TIMESTAMP", "2024-01-02T03:04:05.5+02:00")})
    assert found.rows == [{"t": dt.datetime(2024, 1, 2, 1, 4, 5, 500000, UTC)}]


def test_floats_that_are_no_numbers_survive(judge: GoogleSQL) -> None:
    [(nan, infinite)] = values(judge, "SELECT CAST('nan' AS FLOAT64), CAST('-inf' AS FLOAT64)")
    assert math.isnan(nan) and infinite == -math.inf


def test_fields_and_columns_without_names_are_numbered(judge: GoogleSQL) -> None:
    found = judge.evaluate("SELECT 1 AS a, STRUCT(2, 3 AS x)", {})
    assert found.rows == [{"a": 1, "$col2": {"_field_1": 2, "x": 3}}]
    assert found.columns == judge.analyze("SELECT 1 AS a, STRUCT(2, 3 AS x)", {}).columns


@pytest.mark.parametrize(
    ("sql", "kind", "columns"),
    [
        ("SELECT id FROM llm.t", "QueryStmt", "id"),
        ("CREATE TABLE llm.n AS SELECT id, name AS n FROM llm.t", "CreateTableAsSelectStmt", "id n"),
        ("CREATE OR REPLACE TABLE llm.n CLUSTER BY id OPTIONS (expiration_timestamp = "
         "TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 DAY), labels = [('a', 'b')]) AS SELECT id FROM llm.t",
         "CreateTableAsSelectStmt", "id"),
        ("CREATE TABLE IF NOT EXISTS `p-1.llm.n` AS SELECT 1 AS x", "CreateTableAsSelectStmt", "x"),
        ("CREATE TABLE llm.n (x INT64 OPTIONS (description = 'd'), y STRING)", "CreateTableStmt", "x y"),
        ("CREATE VIEW llm.v AS SELECT * EXCEPT (meta) FROM llm.t", "CreateViewStmt", "id name tags"),
        ("CREATE OR REPLACE VIEW `p-1`.llm.v OPTIONS (description = 'd') AS (SELECT id FROM `llm.t`)",
         "CreateViewStmt", "id"),
        ("INSERT INTO llm.t (id, name) SELECT 1, 'a'", "InsertStmt", "id name"),
        ("INSERT llm.t SELECT * FROM `p-1.llm.u`", "InsertStmt", "id name meta tags"),
        ("DELETE FROM `p-1.llm.u` WHERE id = 1", "DeleteStmt", ""),
        ("UPDATE llm.t SET name = 'x' WHERE id = 1", "UpdateStmt", ""),
        ("DROP TABLE IF EXISTS llm.t", "DropStmt", ""),
        ("DROP VIEW `p-1.llm.v`", "DropStmt", ""),
        ("ALTER TABLE `p-1.llm.u` SET OPTIONS (labels = [('a', 'b')])", "AlterTableSetOptionsStmt", ""),
        ("ALTER VIEW `p-1.llm.v` SET OPTIONS (description = 'd')", "AlterViewStmt", ""),
        ("MERGE llm.t AS t USING `p-1.llm.u` AS u ON t.id = u.id WHEN MATCHED THEN UPDATE SET name = u.name "
         "WHEN NOT MATCHED THEN INSERT ROW WHEN NOT MATCHED BY SOURCE THEN DELETE", "MergeStmt", ""),
    ],
)  # fmt: skip
def test_a_statement_has_a_kind_and_columns(judge: GoogleSQL, sql: str, kind: str, columns: str) -> None:
    found = judge.analyze(sql, TABLES)
    assert (found.error, found.kind) == (None, kind)
    assert " ".join(name for name, _ in found.columns) == columns


def test_created_and_inserted_columns_have_types(judge: GoogleSQL) -> None:
    sql = "SELECT STRUCT(id, [name] AS names) AS s, 1.5 AS f FROM llm.t"
    made = (("s", "STRUCT<id INT64, names ARRAY<STRING>>"), ("f", "FLOAT64"))
    assert judge.analyze(f"CREATE TABLE llm.n AS {sql}", TABLES).columns == made
    assert judge.analyze(f"CREATE VIEW llm.n AS {sql}", TABLES).columns == made
    filled = judge.analyze("INSERT INTO llm.t (meta, id) SELECT PARSE_JSON('1'), 2", TABLES).columns
    assert filled == (("meta", "JSON"), ("id", "INT64"))


@pytest.mark.parametrize(
    "name",
    [
        "`llm.t`",
        "llm.t",
        "`llm`.t",
        "`p-1.llm.u`",
        "p-1.llm.u",
        "`p-1`.llm.`u`",
        "`p-1.llm`.u",
        "llm.u",
        "`llm.u`",
    ],
)
def test_a_table_is_found_however_it_is_written(judge: GoogleSQL, name: str) -> None:
    alias = name.strip("`")[-1]
    sql = f"SELECT {alias}.id FROM{' ' * (name[0] != '`')}{name}"
    assert judge.analyze(sql, TABLES) == Analysis("QueryStmt", (("id", "INT64"),))
    assert values(judge, sql + " ORDER BY 1", **{"llm__t": SOME, "p-1__llm__u": SOME}) == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("sql", "error", "line", "column"),
    [
        ("SELECT\n  nope\nFROM llm.t", "Unrecognized name: nope", 2, 3),
        ("SELECT\r\n\t'é😀',\tnope FROM llm.t", "Unrecognized name: nope", 2, 8),
        ("SELECT id FROM `p-1.llm.u` WHERE nope", "Unrecognized name: nope", 1, 34),
        ("SELECT 1 FROM llm.none", "Table not found: llm.none", 1, 15),
        ("SELECT 1 FROM `p-1.llm.none`", "Table not found: `p-1`.llm.none", 1, 15),
        ("SELECT nope(1)", "Function not found: nope", 1, 8),
        ("SELECT @p", "Query parameter 'p' not found", 1, 8),
        ("SELECT 1 +", "Syntax error: Unexpected end of statement", 1, 11),
        ("SELECT 1; SELECT 2", "Syntax error: Expected end of input but got keyword SELECT", 1, 11),
        ("SELECT id + name FROM llm.t", "No matching signature for operator +", 1, 8),
        ("SELECT 1 UNION ALL SELECT 'a'", "Column 1 in UNION ALL has incompatible types", 1, 20),
        ("CREATE TABLE llm.n AS SELECT 1", "CREATE TABLE columns must be named", 1, 23),
    ],
)  # fmt: skip
def test_an_error_is_reported_at_its_place(judge: GoogleSQL, sql: str, error: str, line: int, column: int) -> None:
    found = judge.analyze(sql, TABLES)
    assert found.error is not None and found.error.startswith(error)
    assert (found.kind, found.columns, found.line, found.column) == ("", (), line, column)
    with pytest.raises(GoogleSQLError) as raised:
        judge.evaluate(sql, {name: Table(columns) for name, columns in TABLES.items()})
    assert (raised.value.message, raised.value.line, raised.value.column) == (found.error, line, column)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT meta = meta FROM llm.t",
        "SELECT DISTINCT meta FROM llm.t",
        "SELECT COUNT(*) FROM llm.t GROUP BY meta",
        "SELECT tags = tags FROM llm.t",
        "SELECT ARRAY_FILTER(tags, e -> e = '') FROM llm.t",
        "SELECT COUNT(*) FILTER (WHERE TRUE) FROM llm.t",
        "SELECT 'a' 'b'",
        "SELECT CAST(1 AS FLOAT32)",
        "SELECT TIMESTAMP '2024-01-01 00:00:00.123456789'",
        "DELETE FROM llm.t WHERE TRUE THEN RETURN id",
    ],
)
def test_what_bigquery_lacks_is_refused(judge: GoogleSQL, sql: str) -> None:
    assert judge.analyze(sql, TABLES).error


def test_a_wrong_type_in_a_table_is_the_callers_error(judge: GoogleSQL) -> None:
    with pytest.raises(GoogleSQLError, match="Type not found: INTT"):
        judge.analyze("SELECT 1", {"t": {"a": "INTT"}})
    with pytest.raises(ValueError, match="no such column: b"):
        judge.evaluate("SELECT 1", {"t": Table({"a": "INT64"}, [{"b": 1}])})


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * EXCEPT (meta, tags) REPLACE (id + 1 AS id) FROM llm.t WHERE id = 1", [(2, "ann")]),
        ("SELECT id FROM llm.t WHERE TRUE QUALIFY ROW_NUMBER() OVER (ORDER BY id DESC) = 1", [(3,)]),
        ("SELECT tag, n FROM llm.t, t.tags AS tag WITH OFFSET AS n ORDER BY n", [("p", 0), ("q", 1)]),
        ("SELECT (SELECT STRING_AGG(e ORDER BY e DESC) FROM UNNEST(tags) AS e) FROM llm.t LIMIT 1",
         [("q,p",)]),
        ("SELECT meta.a.x, JSON_VALUE(meta, '$.b'), TO_JSON_STRING(meta) FROM llm.t WHERE id = 1",
         [('"y"', "2", '{"a":{"x":"y"},"b":2}')]),
        ("SELECT COUNT(*), COUNT(meta), COUNT(tags) FROM llm.t", [(3, 2, 2)]),
        ("SELECT ARRAY_AGG(STRUCT(id) ORDER BY id LIMIT 1) FROM llm.t", [([{"id": 1}],)]),
        ("SELECT 'x' LIKE ANY ('x', 'y'), ARRAY_FIRST([1]), 1 IS DISTINCT FROM NULL", [(True, 1, True)]),
        ("SELECT * FROM (SELECT id, name FROM llm.t) PIVOT (COUNT(id) FOR name IN ('ann', 'bob'))", [(1, 1)]),
        ("SELECT STRING(TIMESTAMP '2024-01-01'), STRING(TIMESTAMP '2024-07-01', 'Europe/Paris')",
         [("2024-01-01 00:00:00+00", "2024-07-01 02:00:00+02")]),
        ("SELECT TO_HEX(SHA256('')) LIKE 'e3b0c442%', FARM_FINGERPRINT('1footrue')",
         [(True, -1541654101129638711)]),
        ("FROM llm.t |> WHERE id = 2 |> SELECT name", [("bob",)]),
    ],
)  # fmt: skip
def test_a_query_is_evaluated(judge: GoogleSQL, sql: str, expected: list[tuple[Any, ...]]) -> None:
    assert values(judge, sql, llm__t=SOME) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE OR REPLACE TABLE llm.n OPTIONS (description = 'from `llm.t`') AS SELECT t.id FROM llm.t",
        "CREATE VIEW llm.n AS (SELECT t.id FROM `llm.t`);",
        "INSERT INTO llm.t (id) WITH a AS (SELECT id FROM llm.t) SELECT * FROM a",
        "INSERT INTO llm.t (id) (SELECT 1 AS id) UNION ALL SELECT id FROM llm.t WHERE id > 1",
        "WITH t AS (SELECT * FROM llm.t /* llm.t */) SELECT t.id FROM t JOIN llm.t u USING (id) -- `llm.t`",
        "SELECT t.id FROM `llm`.t WHERE '`llm.t`' = r'`llm.t`' AND id IN (SELECT id FROM llm.t)",
        "SELECT `é`.id, FROM llm.t AS `é`, (SELECT 'é\ud7ff' AS x FROM llm.t LIMIT 1)",
    ],
)
def test_the_query_inside_a_statement_is_evaluated(judge: GoogleSQL, sql: str) -> None:
    assert judge.evaluate(sql, {"llm.t": SOME}).columns == (("id", "INT64"),)
    assert sorted(values(judge, sql, llm__t=SOME)) == [(1,), (2,), (3,)]


def test_a_statement_without_a_query_is_not_evaluated(judge: GoogleSQL) -> None:
    with pytest.raises(GoogleSQLError, match="this InsertStmt has none"):
        judge.evaluate("INSERT INTO llm.t (id) VALUES ((SELECT 1))", {"llm.t": SOME})
    with pytest.raises(GoogleSQLError, match="this DeleteStmt has none"):
        judge.evaluate("DELETE FROM llm.t WHERE id IN (SELECT 1)", {"llm.t": SOME})


def test_two_columns_of_one_name_are_refused_rather_than_lost(judge: GoogleSQL) -> None:
    with pytest.raises(GoogleSQLError, match="Duplicate column names in the result: a, A"):
        judge.evaluate("SELECT 1 AS a, 2 AS A", {})


def test_a_failing_row_raises(judge: GoogleSQL) -> None:
    with pytest.raises(GoogleSQLError, match="division by zero"):
        values(judge, "SELECT 1 / (id - 1) FROM llm.t", llm__t=SOME)


def test_json_is_kept_as_bigquery_would_store_it(judge: GoogleSQL) -> None:
    written = [
        '{"b": 1.50, "a": 1, "a": 2}',
        "0.1000000000000000055511151231257827",
        '"\\u00e9\\ud83d\\ude00"',
    ]
    table = Table({"id": "INT64", "j": "JSON"}, list(enumerate(written)))
    found = values(judge, "SELECT j FROM llm.t ORDER BY id", llm__t=table)
    assert found == [('{"a":1,"b":1.5}',), ("0.1",), ('"é😀"',)]


@pytest.mark.parametrize("text", ['{"a": NaN}', '"\\ud83d"', "1e999", "[1,]", "{'a': 1}", ""])
def test_text_that_is_not_json_is_refused(judge: GoogleSQL, text: str) -> None:
    assert judge.evaluate("SELECT SAFE.PARSE_JSON(@t) AS j", {}, {"t": ("STRING", text)}).rows == [{"j": None}]
    with pytest.raises(GoogleSQLError, match="Invalid input to PARSE_JSON"):
        values(judge, "SELECT 1 FROM llm.t", llm__t=Table({"j": "JSON"}, [(text,)]))


def test_a_lone_surrogate_in_a_string_of_json_becomes_a_replacement_character(judge: GoogleSQL) -> None:
    assert values(judge, """SELECT JSON_VALUE('"' || r'\\ud83d' || '"', '$')""") == [("\ufffd",)]


def test_a_deep_expression_is_no_obstacle(judge: GoogleSQL) -> None:
    sql = f"CREATE VIEW llm.v AS SELECT {' || '.join(['name'] * 120)} AS x FROM llm.t WHERE id = 1"
    assert judge.analyze(sql, TABLES).columns == (("x", "STRING"),)
    assert values(judge, sql, llm__t=SOME) == [("ann" * 120,)]


def test_more_catalogs_than_are_kept_can_be_asked(judge: GoogleSQL) -> None:
    for number in range(analyser.REGISTERED_CATALOGS + 1):
        assert judge.analyze("SELECT * FROM t", {"t": {f"c{number}": "DATE"}}).columns == ((f"c{number}", "DATE"),)


def test_a_crash_is_told_from_an_error_and_the_next_answer_is_right(judge: GoogleSQL) -> None:
    with pytest.raises(GoogleSQLCrashError, match="out of bounds memory access"):
        judge._enter("ZetaSqlLocalService_Parse", -16, 8, 0)
    assert values(judge, "SELECT id FROM llm.t WHERE id = 1", llm__t=SOME) == [(1,)]
    assert judge.analyze("SELECT id FROM llm.t", TABLES).columns == (("id", "INT64"),)


ENGINE: Any = None  # nothing here looks at it


class Compiler:
    """Stands for wasmtime's Module, which takes half a minute to compile."""

    compiled = 0

    def __init__(self, engine: object, wasm: bytes) -> None:
        time.sleep(0.05)
        Compiler.compiled += 1

    def serialize(self) -> bytes:
        return b"native code"

    @staticmethod
    def deserialize_file(engine: object, path: str) -> str:
        return Path(path).read_text()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("wasmtime.Module", Compiler)
    monkeypatch.setattr(Compiler, "compiled", 0)
    return tmp_path / "bqbatch"


def test_of_several_that_start_at_once_one_compiles(cache: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made: list[Any] = list(pool.map(analyser.compiled, [ENGINE] * 4))
    assert Compiler.compiled == 1 and made.count("native code") == 3
    assert cache.stat().st_mode & 0o777 == 0o700
    assert sorted(path.suffix for path in cache.iterdir()) == [".cwasm", ".lock"]


def test_native_code_of_another_owner_is_not_run(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analyser.compiled(ENGINE)
    monkeypatch.setattr(os, "getuid", lambda: cache.stat().st_uid + 1)
    analyser.compiled(ENGINE)
    assert Compiler.compiled == 2
