"""Files that become tables: every value comes back as it was written, in a type that GoogleSQL has."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from bqbatch.errors import WarehouseError
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.projects import Folder

NANOSECONDS = 1_767_323_045_678_901_000  # 2026-01-02 03:04:05.678901


def loaded(folder: Path, name: str, text: str = "", **columns: pa.Array) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The types and the rows of a file's table."""
    if columns:
        parquet.write_table(pa.table(columns), folder / name)
    else:
        (folder / name).write_text(text, "utf-8")
    warehouse = DuckDBWarehouse(folder / "w.duckdb", "llm")
    warehouse.replace(folder / name, "`llm.t`", "bqbatch_load")
    table = warehouse.describe("`llm.t`")
    assert table
    return {column.name: column.type for column in table.columns}, list(warehouse.read("SELECT * FROM t"))


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64 + 1, 10**45 + 7])
def test_whole_numbers_beyond_int64_in_a_csv_keep_their_digits(number: int, tmp_path: Path) -> None:
    types, rows = loaded(tmp_path, "ids.csv", f"id,n,x\n{number},1,1.5\n,2,{number}\n7,3,2\n")
    assert types == {"id": "STRING", "n": "INT64", "x": "FLOAT64"}
    assert {row["n"]: row["id"] for row in rows} == {1: str(number), 2: None, 3: "7"}


def test_the_largest_int64_is_one(tmp_path: Path) -> None:
    assert loaded(tmp_path, "ids.csv", f"id\n{2**63 - 1}\n{-(2**63)}\n")[0] == {"id": "INT64"}
    assert loaded(tmp_path, "ids.jsonl", f'{{"id":{2**63 - 1}}}\n')[0] == {"id": "INT64"}


def test_whole_numbers_beyond_int64_in_a_jsonl_keep_their_digits(tmp_path: Path) -> None:
    types, rows = loaded(tmp_path, "ids.jsonl", f'{{"id": {2**64 - 1}}}\n{{"id": {2**63 + 1}}}\n')
    assert types == {"id": "STRING"}
    assert [row["id"] for row in rows] == [str(2**64 - 1), str(2**63 + 1)]


def test_whole_numbers_that_are_floats_are_told_from_ids(tmp_path: Path) -> None:
    text = (
        json.dumps({"x": 1.5, "said": "ids: [123456789012345678901]"})
        + '\n{"x": 100000000000000000000, "said": null}\n'
    )
    types, rows = loaded(tmp_path, "floats.jsonl", text)
    assert types == {"x": "FLOAT64", "said": "STRING"}
    assert sorted(row["x"] for row in rows) == [1.5, 1e20]


def test_objects_of_any_keys_are_structs_or_json(tmp_path: Path) -> None:
    many = {f"k {number}": number for number in range(300)}
    rows = [{"id": 1, "many": many, "none": {}, "odd": {"": 1}}, {"id": 2, "many": {"é-x": 1}, "none": {}, "odd": None}]
    types, found = loaded(tmp_path, "objects.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    assert types["many"].startswith("STRUCT<`k 0` INT64, ")
    assert (types["none"], types["odd"]) == ("JSON", "JSON")
    first, second = sorted(found, key=lambda row: row["id"])
    assert {key: value for key, value in first["many"].items() if value is not None} == many
    assert second["many"]["é-x"] == 1
    assert (first["none"], json.loads(first["odd"]), second["odd"]) == ("{}", {"": 1}, None)


def test_a_column_without_a_value_is_text(tmp_path: Path) -> None:
    assert loaded(tmp_path, "nothing.jsonl", '{"id": 1, "x": null}\n')[0] == {"id": "INT64", "x": "STRING"}
    assert loaded(tmp_path, "nothing.csv", "id,x\n1,\n")[0] == {"id": "INT64", "x": "STRING"}


def test_times_in_nanoseconds_are_read_in_microseconds(tmp_path: Path) -> None:
    types, [row] = loaded(
        tmp_path, "times.parquet",
        at=pa.array([NANOSECONDS], pa.timestamp("ns", "UTC")), local=pa.array([NANOSECONDS], pa.timestamp("ns")),
        clock=pa.array([1_000_001_000], pa.time64("ns")),
        nested=pa.array([[{"x": NANOSECONDS}]], pa.list_(pa.struct([("x", pa.timestamp("ns"))]))),
    )  # fmt: skip
    assert types == {
        "at": "TIMESTAMP", "local": "DATETIME", "clock": "TIME", "nested": "ARRAY<STRUCT<x DATETIME>>"
    }  # fmt: skip
    local = dt.datetime(2026, 1, 2, 3, 4, 5, 678901)
    assert (row["at"], row["local"], row["clock"]) == (local.replace(tzinfo=dt.UTC), local, dt.time(0, 0, 1, 1))
    assert row["nested"] == [{"x": local}]


def test_whole_numbers_without_a_sign_are_exact(tmp_path: Path) -> None:
    types, [row] = loaded(
        tmp_path, "n.parquet", big=pa.array([2**64 - 1], pa.uint64()), small=pa.array([7], pa.uint8())
    )
    assert types == {"big": "NUMERIC", "small": "INT64"}
    assert (int(row["big"]), row["small"]) == (2**64 - 1, 7)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "column `x` is of type MAP(VARCHAR, BIGINT)"),
        (pa.array([{"m": []}], pa.struct([("m", pa.map_(pa.string(), pa.int64()))])), "column `x.m` is of type MAP"),
        (pa.array([[[1]]]), "column `x` is an array of arrays"),
    ],
)
def test_a_column_that_googlesql_has_no_type_for_is_refused_by_name(
    array: pa.Array, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WarehouseError) as caught:
        loaded(tmp_path, "odd.parquet", x=array)
    assert caught.value.message.startswith(f"odd.parquet: {said}")
    folder = Folder.made(
        tmp_path, monkeypatch, {"p.sql": "SELECT 1 AS key, 'x' AS prompt FROM {{ seed('odd.parquet') }}"}
    )
    assert f"p.sql:1:46: odd.parquet: {said}" in folder.say("run", "p.sql").err


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "parquet", "markdown", "table"])
def test_nanoseconds_are_written_in_every_format(format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder.made(tmp_path, monkeypatch)
    parquet.write_table(pa.table({"at": pa.array([NANOSECONDS], pa.timestamp("ns", "UTC"))}), tmp_path / "t.parquet")
    assert folder.say("load", "t.parquet", "t").code == 0
    output = ("-o", "out.parquet") if format_ == "parquet" else ("--format", format_)
    assert folder.say("query", "SELECT at FROM t", *output).code == 0


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_any_editor_ends_them(end: str, last: bool, inside: str, tmp_path: Path) -> None:
    text = end.join(["id,text", f'1,"a{inside}b"', '2,"say ""x"", please"', "3,é"]) + (end if last else "")
    (tmp_path / "rows.csv").write_bytes(text.encode())
    expected = [{"id": 1, "text": f"a{inside}b"}, {"id": 2, "text": 'say "x", please'}, {"id": 3, "text": "é"}]
    assert loaded_file(tmp_path / "rows.csv") == expected


def test_lines_of_one_file_may_end_in_several_ways(tmp_path: Path) -> None:
    many = "".join(f"{number},x\n" for number in range(50_000))
    (tmp_path / "rows.csv").write_bytes(f"id,text\r\n{many}7,y\r\n\r\n8,z".encode())
    rows = loaded_file(tmp_path / "rows.csv")
    assert (len(rows), rows[-2:]) == (50_002, [{"id": 7, "text": "y"}, {"id": 8, "text": "z"}])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("line", ["1,a,b", "1", '1,"a', '1,"a"b'])
def test_a_line_that_does_not_fit_is_refused_however_lines_end(line: str, end: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(end.join(["id,text", "0,x", line, "2,b", ""]).encode())
    with pytest.raises(WarehouseError, match=r"rows.csv:\d: "):
        loaded_file(tmp_path / "rows.csv")


def loaded_file(file: Path) -> list[dict[str, Any]]:
    """The rows of a file's table, in order."""
    warehouse = DuckDBWarehouse(file.parent / "w.duckdb", "llm")
    warehouse.replace(file, "`llm.t`", "bqbatch_load")
    return list(warehouse.read("SELECT * FROM t"))
