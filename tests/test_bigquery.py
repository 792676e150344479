"""The BigQuery warehouse: Google's own client, unpatched, over HTTP to the loopback server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bqbatch.errors import Exists, WarehouseError
from bqbatch.names import Dataset
from bqbatch.patience import Patience
from bqbatch.warehouses import Column, Statement
from bqbatch.warehouses.bigquery import BigQueryWarehouse
from tests.loopback.bigquery import BigQuery
from tests.loopback.http import Call, Loopback, Refusal
from tests.loopback.storage import Storage


@pytest.fixture
def service(tmp_path: Path) -> BigQuery:
    return BigQuery(tmp_path)


@pytest.fixture
def server(service: BigQuery) -> Iterator[Loopback]:
    with Loopback(service.answers) as made:
        yield made


@pytest.fixture
def warehouse(server: Loopback) -> BigQueryWarehouse:
    return BigQueryWarehouse("p", Dataset("p.llm"), endpoint=server.url, labels={"bqbatch_run": "r1"})


def test_a_table_is_made_described_and_read(warehouse: BigQueryWarehouse) -> None:
    create = (
        "CREATE TABLE `p.llm.words` OPTIONS (labels = [('bqbatch_prompt', 'words')]) AS SELECT 1 AS id, 'red' AS word"
    )
    warehouse.execute(Statement(create, "make_words"))
    table = warehouse.describe("`p.llm.words`")
    assert table
    assert table.columns == (Column("id", "INT64"), Column("word", "STRING"))
    assert table.labels == {"bqbatch_prompt": "words"}
    assert list(warehouse.read("SELECT * FROM words")) == [{"id": 1, "word": "red"}]
    assert warehouse.describe("`p.llm.nothing`") is None


def test_every_type_comes_back_as_it_does_from_the_embedded_warehouse(warehouse: BigQueryWarehouse) -> None:
    sql = """
    SELECT 1 AS i, 2.5 AS f, NUMERIC '1.20' AS n, TRUE AS b, 'ü🐋' AS s, DATE '2026-01-02' AS d,
      TIMESTAMP '2026-01-02 03:04:05.678+00' AS t, [1, 2] AS a, STRUCT(1 AS x, ['y'] AS ys) AS st, CAST(NULL AS STRING) AS nothing
    """
    result = warehouse.read(sql)
    assert [column.type for column in result.columns] == [
        "INT64", "FLOAT64", "NUMERIC", "BOOL", "STRING", "DATE", "TIMESTAMP", "ARRAY<INT64>",
        "STRUCT<x INT64, ys ARRAY<STRING>>", "STRING",
    ]  # fmt: skip
    assert result.rows[0] == (
        1, 2.5, Decimal("1.2"), True, "ü🐋", date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), [1, 2],
        {"x": 1, "ys": ["y"]}, None,
    )  # fmt: skip


def test_a_dry_run_tells_columns_and_bytes_and_reads_nothing(warehouse: BigQueryWarehouse, service: BigQuery) -> None:
    found = warehouse.dry_run("SELECT 1 AS id, ['a'] AS words")
    assert found.columns == (Column("id", "INT64"), Column("words", "ARRAY<STRING>"))
    assert found.bytes is not None
    assert service.jobs == {}


def test_a_statement_that_is_repeated_is_done_once(warehouse: BigQueryWarehouse, server: Loopback) -> None:
    warehouse.execute(Statement("CREATE TABLE `p.llm.t` AS SELECT 1 AS n", "make"))
    insert = Statement("INSERT INTO `p.llm.t` SELECT @n", "insert", {"n": 2})
    warehouse.execute(insert)
    warehouse.execute(insert)
    other = BigQueryWarehouse("p", Dataset("p.llm"), endpoint=server.url)
    other.execute(insert)
    assert sorted(row["n"] for row in warehouse.read("SELECT n FROM t")) == [1, 2]


def test_a_reply_that_is_lost_is_adopted(warehouse: BigQueryWarehouse, server: Loopback) -> None:
    warehouse.execute(Statement("CREATE TABLE `p.llm.t` AS SELECT 1 AS n", "make"))
    lost = iter([True])

    def lose(call: Call) -> None:
        if call.method == "bigquery.jobs.insert" and next(lost, False):
            raise ConnectionError

    server.after = lose
    warehouse.execute(Statement("INSERT INTO `p.llm.t` SELECT 2", "insert"))
    assert [row["n"] for row in warehouse.read("SELECT COUNT(*) AS n FROM t")] == [2]


@pytest.mark.parametrize(
    ("code", "reason"), [(429, "rateLimitExceeded"), (503, "backendError"), (500, "internalError")]
)
def test_a_service_that_is_busy_is_asked_again(
    code: int, reason: str, warehouse: BigQueryWarehouse, server: Loopback
) -> None:
    busy = iter([True, True])

    def refuse(call: Call) -> None:
        if next(busy, False):
            raise Refusal(code, reason, "busy")

    server.before = refuse
    warehouse.execute(Statement("CREATE TABLE `p.llm.t` AS SELECT 1 AS n", "make"))
    assert warehouse.describe("`p.llm.t`")


def test_a_table_that_is_there_is_told_apart(warehouse: BigQueryWarehouse) -> None:
    warehouse.execute(Statement("CREATE TABLE `p.llm.t` AS SELECT 1 AS n", "make"))
    with pytest.raises(Exists):
        warehouse.execute(Statement("CREATE TABLE `p.llm.t` AS SELECT 2 AS n", "again"))


def test_an_error_has_its_place_in_the_statement(warehouse: BigQueryWarehouse) -> None:
    with pytest.raises(WarehouseError) as caught:
        warehouse.dry_run("SELECT\n  nope\nFROM UNNEST([1]) AS n")
    assert caught.value.offset == 9


def test_a_large_seed_is_loaded_in_pieces(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    path = tmp_path / "numbers.jsonl"
    path.write_text("".join(f'{{"id": {number}, "text": "{"x" * 100}"}}\n' for number in range(60_000)), "utf-8")
    warehouse.load(path, "`p.llm.seed_numbers`")
    assert warehouse.read("SELECT COUNT(*) AS n, MAX(id) AS last FROM seed_numbers").rows == ((60_000, 59_999),)


def test_a_seed_is_loaded_once(warehouse: BigQueryWarehouse, tmp_path: Path, service: BigQuery) -> None:
    path = tmp_path / "words.csv"
    path.write_text('id,word\n1,"red, or\nso"\n', "utf-8")
    warehouse.load(path, "`p.llm.seed_words`")
    warehouse.load(path, "`p.llm.seed_words`")
    assert list(warehouse.read("SELECT * FROM seed_words")) == [{"id": 1, "word": "red, or\nso"}]
    assert len(service.jobs) == 2  # the load and the query


@pytest.mark.parametrize(
    ("code", "reason", "message", "said", "hint"),
    [
        (403, "accessDenied", "Access Denied: Table p:llm.t: User does not have permission bigquery.tables.create",
         "not allowed: Access Denied", "roles/bigquery.dataEditor"),
        (404, "notFound", "Not found: Dataset p:llm was not found in location EU", "Not found: Dataset p:llm", "location"),
    ],
)  # fmt: skip
def test_what_google_refuses_is_said_with_a_hint(
    code: int, reason: str, message: str, said: str, hint: str, warehouse: BigQueryWarehouse, server: Loopback
) -> None:
    def refuse(_: Call) -> None:
        raise Refusal(code, reason, message)

    server.before = refuse
    with pytest.raises(WarehouseError, match=said) as caught:
        warehouse.read("SELECT 1 AS one")
    assert hint in (caught.value.hint or "")


def test_rows_come_in_batches(warehouse: BigQueryWarehouse) -> None:
    sql = "SELECT n, [n] AS a, PARSE_JSON('{\"k\": 1}', wide_number_mode => 'round') AS j FROM UNNEST(GENERATE_ARRAY(1, 2500)) AS n ORDER BY n"
    with warehouse.stream(sql) as stream:
        assert [column.type for column in stream.columns] == ["INT64", "ARRAY<INT64>", "JSON"]
        batches = list(stream.batches)
    assert len(batches) == 3  # the server's pages
    assert all(batch.schema.equals(stream.schema) for batch in batches)
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [row["n"] for row in rows] == list(range(1, 2501))
    assert rows[-1]["a"] == [2500]
    with warehouse.stream("SELECT 1 AS one FROM UNNEST([1]) AS n WHERE FALSE") as stream:
        assert (stream.schema.names, sum(batch.num_rows for batch in stream.batches)) == (["one"], 0)


def test_a_file_takes_the_place_of_a_table(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    for word in ("red", "green"):
        path.write_text(f"id,word\n1,{word}\n", "utf-8")
        warehouse.replace(path, "`llm.words`", "bqbatch_load")
    assert list(warehouse.read("SELECT word FROM words")) == [{"word": "green"}]
    made = warehouse.describe("`llm.words`")
    assert made
    assert (made.labels, made.is_view) == ({"bqbatch_load": "file"}, False)


def test_tables_and_views_are_listed(warehouse: BigQueryWarehouse) -> None:
    for name, kind in (("c", "TABLE"), ("a", "TABLE"), ("b", "VIEW")):
        warehouse.execute(Statement(f"CREATE {kind} `p.llm.{name}` AS SELECT 1 AS n", f"make_{name}"))
    assert warehouse.list_tables() == ("a", "b", "c")
    view = warehouse.describe("`p.llm.b`")
    assert view
    assert view.is_view


@pytest.mark.parametrize("breaks", [0, 2])
def test_many_rows_come_in_arrow_and_a_lost_connection_is_taken_up(
    breaks: int, warehouse: BigQueryWarehouse, service: BigQuery, server: Loopback
) -> None:
    sql = """
    SELECT n, CONCAT('word ', n) AS word, NUMERIC '1.5' AS price, [n] AS a, STRUCT(n AS x) AS s, DATE '2026-01-02' AS d,
      TIMESTAMP '2026-01-02 03:04:05+00' AS t, JSON '{"k": 1}' AS j
    FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS n
    """
    with warehouse.stream(sql) as stream:
        by_rest = sorted((row for batch in stream.batches for row in batch.to_pylist()), key=lambda row: row["n"])
        rest = stream.schema
    pages = len(server.calls)
    with Storage(service, breaks) as storage:
        warehouse.storage = storage.address
        with warehouse.stream(sql) as stream:
            assert stream.schema.names == rest.names
            rows = sorted((row for batch in stream.batches for row in batch.to_pylist()), key=lambda row: row["n"])
    assert rows == by_rest
    assert storage.rows_read == 20_000
    assert len(server.calls) - pages < 5 < pages


def test_few_rows_come_by_rest_and_in_their_order_many_do(warehouse: BigQueryWarehouse, service: BigQuery) -> None:
    with Storage(service) as storage:
        warehouse.storage = storage.address
        with warehouse.stream("SELECT 1 AS one") as stream:
            assert [batch.to_pylist() for batch in stream.batches] == [[{"one": 1}]]
        assert storage.rows_read == 0
        with warehouse.stream("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS n ORDER BY n") as stream:
            assert [n for batch in stream.batches for n in batch.column(0).to_pylist()] == list(range(1, 20_001))
        assert storage.rows_read == 20_000


def test_who_may_not_read_by_the_storage_api_is_told_the_role(warehouse: BigQueryWarehouse, service: BigQuery) -> None:
    service.rules.denied.add("bigquery.readsessions.create")
    with Storage(service) as storage:
        warehouse.storage = storage.address
        many = warehouse.stream("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS n")
        with pytest.raises(WarehouseError, match=r"readsessions\.create") as caught:
            many.__enter__()
    assert "roles/bigquery.readSessionUser" in (caught.value.hint or "")


def test_columns_of_a_table_and_of_a_view_are_described(warehouse: BigQueryWarehouse, server: Loopback) -> None:
    for kind in ("TABLE", "VIEW"):
        name = f"p.llm.{kind.lower()}"
        warehouse.execute(Statement(f"CREATE {kind} `{name}` AS SELECT 1 AS a, [STRUCT(2 AS x)] AS b", f"make_{kind}"))
        warehouse.set_descriptions(f"`{name}`", {"a": "the first", "nothing": "is not there"})
        warehouse.set_descriptions(f"`{name}`", {"b": "the second"})
        fields = warehouse._client.get_table(name).schema
        assert [(field.name, field.description) for field in fields] == [("a", "the first"), ("b", "the second")]


def test_what_is_kept_has_no_expiration_and_what_is_not_has_the_datasets(
    warehouse: BigQueryWarehouse, service: BigQuery
) -> None:
    service.rules.expirations["llm"] = 3600
    for name, options in (("kept", "OPTIONS (expiration_timestamp = NULL)"), ("default", "")):
        warehouse.execute(Statement(f"CREATE TABLE `p.llm.{name}` {options} AS SELECT 1 AS n", f"make_{name}"))
    assert warehouse._client.get_table("p.llm.kept").expires is None
    expires = warehouse._client.get_table("p.llm.default").expires
    assert expires
    assert 3500 < (expires - datetime.now(UTC)).total_seconds() <= 3600


def test_a_service_that_stays_busy_is_given_up_and_nobody_waits_for_ever(
    warehouse: BigQueryWarehouse, server: Loopback
) -> None:
    def refuse(_: Call) -> None:
        raise Refusal(503, "backendError", "busy")

    warehouse.patience = Patience(300.0, 0.05, total_seconds=0.3)
    assert warehouse.describe("`p.llm.words`") is None
    server.before = refuse
    for call in (
        lambda: warehouse.describe("`p.llm.words`"),
        lambda: warehouse.read("SELECT 1 AS x"),
        lambda: warehouse.dry_run("SELECT 1 AS x"),
        lambda: warehouse.execute(Statement("CREATE TABLE `p.llm.one` AS SELECT 1 AS x", "one")),
        warehouse.list_tables,
    ):
        with pytest.raises(WarehouseError, match=r"BigQuery can't be reached: 503 .* busy"):
            call()
    assert len(server.calls) > 10


def test_a_load_whose_reply_was_lost_is_found_again(
    warehouse: BigQueryWarehouse, server: Loopback, tmp_path: Path
) -> None:
    lost = iter([True])
    server.sent = lambda call, data: data[:9] if call.method == "bigquery.jobs.insert" and next(lost, False) else data
    (tmp_path / "words.csv").write_text("id,word\n1,red\n")
    warehouse.load(tmp_path / "words.csv", "`p.llm.words`")
    assert list(warehouse.read("SELECT * FROM words")) == [{"id": 1, "word": "red"}]
