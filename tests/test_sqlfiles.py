"""Every file under sql/: what its header says, that GoogleSQL takes it, and what BigQuery refuses beyond that."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from jinja2 import meta, nodes
from sqlglot import exp

from bqbatch import sqlfiles
from bqbatch.errors import Place
from bqbatch.prices import UNKNOWN, Price
from bqbatch.prompt.compile import ASKED, FORMS, Envelope
from bqbatch.prompt.output_ddl import parse_output
from bqbatch.prompt.select import NULL_COLUMN
from bqbatch.services.developer.rewrite import RULES, Rules
from tests.engines import DATASET
from tests.oracle.bigquery import refused
from tests.oracle.googlesql import Analysis, googlesql

FOLDER = sqlfiles.folder()
FILES = sorted(FOLDER.rglob("*.sql"))
NAMES = [file.relative_to(FOLDER).with_suffix("").as_posix() for file in FILES if file.parent.name != "macros"]
MACROS = [file for file in FILES if file.parent.name == "macros"]
DIRECTIVE = re.compile(r"\{%-?\+? (?:from|import) .*?%\}", re.DOTALL)

OUTPUT = """
  label STRING NOT NULL CHECK (label IN ('it\\'s', 'b')),
  score FLOAT64 CHECK (score BETWEEN 0 AND 1),
  `order` INT64 NOT NULL CHECK (`order` > 3 AND `order` != 5),
  price NUMERIC CHECK (price < 0.5),
  sure BOOL,
  day DATE, at TIMESTAMP, local DATETIME, clock TIME,
  note STRING CHECK (LENGTH(note) <= 80),
  topics ARRAY<STRING> NOT NULL CHECK (ARRAY_LENGTH(topics) <= 2),
  place STRUCT<town STRING NOT NULL, point STRUCT<lat FLOAT64 CHECK (lat > -91)>, tags ARRAY<STRING>>,
  items ARRAY<STRUCT<q INT64 CHECK (q > 0), parts ARRAY<STRUCT<name STRING NOT NULL>>>>
"""
SELECT = """
WITH source AS (SELECT 1 AS id, 'x' AS word)
SELECT
  id AS key, word, [word] AS words, PARSE_JSON('{}', wide_number_mode => 'round') AS extra,
  CONCAT('Say ', word) AS prompt, CAST(NULL AS STRING) AS system, 1 AS sample, 'word' AS bqb_null_column,
  [STRUCT(word AS text, CAST(NULL AS STRING) AS file_uri, CAST(NULL AS STRING) AS mime_type)] AS parts,
  PARSE_JSON('[]', wide_number_mode => 'round') AS contents, PARSE_JSON('{}', wide_number_mode => 'round') AS request
FROM source -- the last line may be a comment
"""
ENVELOPE = Envelope(None, "}", ',"generationConfig":{"maxOutputTokens":9}}')
TIER = Price(Decimal(2), Decimal(9), above=200_000)
# The values to try for each parameter, by its name; a parameter of a new file needs a line here.
VALUES: dict[str, tuple[Any, ...]] = {
    **{
        name: (DATASET.of(name),)
        for name in (
            "answers",
            "claim",
            "jobs",
            "keys",
            "log",
            "queue",
            "matches",
            "requests",
            "responses",
            "results",
            "rows",
            "runs",
            "view",
        )
    },
    "asked": (
        tuple(ASKED),
        ("prompt", NULL_COLUMN),
        ("prompt", "sample", NULL_COLUMN),
        ("prompt", "system", NULL_COLUMN),
    ),
    "columns": ((), ("key", "word")),
    "erase": (("it's", "b"),),
    "errors": (DATASET.of("errors"),),
    "check": (f"SELECT key FROM {DATASET.of('rows')} WHERE key IS NULL",),
    "complete": (True, False),
    "envelope": (ENVELOPE, Envelope('It\'s\n a "system"', "}", "}")),
    "faults": ((), (("429", Decimal("0.02")), ("duplicate", Decimal("0.1")), ("late", Decimal("0.1")))),
    "form": tuple(FORMS),
    "full_refresh": (False, True),
    "has_system": (False, True),
    "job": ("it's_1_1",),
    "late": (False, True),
    "limit": (0, 5),
    "queues": ((DATASET.of("queue"), DATASET.of("ranked")), ()),
    "refused": ("SELECT key, '' AS refused FROM `llm.requests`",),
    "max_attempts": (3,),
    "model": ("it's", "simulated"),
    "output": (parse_output(OUTPUT, lambda _: Place("output", 1, 1)), ()),
    "outcomes": ((), ("failed", "ok")),
    "input_price": ("0.15", "NULL"),
    "output_price": ("1.25", "NULL"),
    "price": (UNKNOWN, Price(Decimal("0.15"), Decimal("5E-7"), Decimal("0.03"), tiers=(TIER, replace(TIER, above=9)))),
    "prompt": ("", "it's"),
    "ratio": ("1", "1.0421"),
    "retry": ((), ("ok",), ("truncated", "failed")),
    "rules": (RULES, Rules(RULES.table[:1]), Rules(())),
    "lines": (sqlfiles.render("developer/lines", requests=DATASET.of("requests"), rules=Rules(())),),
    "position": (7,),
    "turn": (1, 2),
    "without": ((), (3, 5)),
    "run_id": ("it's",),
    "first": (1, None),
    "last": (1_000,),
    "ranked": (True, False),
    "most": (65_536,),
    "left": ("9.5", None),
    "size": (20,),
    "tokens": (0, None),
    "sample": (f"SELECT key FROM {DATASET.of('queue')} LIMIT 3",),
    "select": (SELECT,),
    "by": ("run_id", "day", "outcome"),
    "total": (f"SELECT *, NUMERIC '1' AS wasted_usd, NUMERIC '1' AS usd_per_ok FROM {DATASET.of('usage')}",),
    "text_likely": (300,),
    "thoughts_likely": (500,),
    "thoughts_most": (None, 900),
    "usages": ((("it's", DATASET.of("usage")), ("b", DATASET.of("usage"))), (("b", DATASET.of("usage")),)),
    "where": ("_outcome != 'ok' -- why", "key IN (1, 2)"),
}
LINES = "(SELECT 1 AS line_id, 'f' AS file, 1 AS number, CAST('{}' AS BYTES) AS line)"
EXPORTED = ("it's", DATASET.of("queue"), [DATASET.of("ranked")], DATASET.of("answers"))
SPECIAL: dict[tuple[str, str], tuple[Any, ...]] = {
    ("developer/results", "lines"): (LINES,),
    ("developer/responses", "lines"): (LINES,),
    ("developer/found", "runs"): ((EXPORTED[:2], ("b", DATASET.of("queue"))), (EXPORTED[:2],)),
    ("developer/matches", "runs"): ((EXPORTED, ("b", DATASET.of("queue"), [], DATASET.of("answers"))), ()),
    ("developer/imported", "jobs"): (["it's_1_1", "b"], []),
    ("developer/unknown", "answers"): ((DATASET.of("answers"), DATASET.of("answers")), ()),
    ("requests/shard", "answers"): (DATASET.of("answers"), None),
    ("requests/fitting", "answers"): (DATASET.of("answers"), None),
    ("requests/fitting", "first"): (1,),
    ("requests/fitting", "size"): (2_000_000_000, None),
    ("developer/requests", "first"): (1,),
    ("requests/sampled", "ranked"): (True,),
    ("requests/fitting", "price"): (
        Price(Decimal("0.15"), Decimal("1.25")),
        Price(Decimal("0.15"), Decimal("1.25"), tiers=(TIER,)),
    ),
    ("responses/simulated", "queue"): (None, DATASET.of("queue")),
    ("usage/run", "job"): (None, "it's_1_1"),
    ("responses/late", "late"): (f"SELECT key FROM {DATASET.of('responses')}",),
    ("responses/read", "responses"): ("(SELECT 'k' AS key, '{}' AS response, '' AS status)",),
    ("responses/view", "rows"): (DATASET.of("published"),),
    ("responses/show", "where"): ("", "_outcome != 'ok' -- why"),
    ("erasure/answers", "rows"): (DATASET.of("published"),),
    ("erasure/counts", "rows"): (DATASET.of("published"),),
    ("erasure/rows", "rows"): (DATASET.of("published"),),
    ("erasure/unknown", "rows"): (DATASET.of("published"),),
    ("checks/row_is_not_once_in_view", "rows"): (DATASET.of("published"),),
}
QUERY_PARAMETERS = dict.fromkeys(
    (
        "answers",
        "details",
        "event",
        "event_id",
        "gone",
        "host",
        "key",
        "model",
        "prompt",
        "request",
        "run_id",
    ),
    "STRING",
) | dict.fromkeys(("attempt", "pid", "shard"), "INT64")
# Tables, by the file whose SELECT makes them.
MADE = {
    "answers": "ledger/answers", "claim": "ledger/claim", "keys": "ledger/keys", "log": "ledger/log",
    "runs": "ledger/runs", "jobs": "ledger/jobs", "rows": "requests/rows", "queue": "requests/queue", "requests": "requests/shard",
    "published": "requests/published", "responses": "responses/responses", "view": "responses/view",
    "errors": "responses/errors", "usage": "usage/usage", "ranked": "requests/queue", "results": "developer/results",
    "matches": "developer/matches",
}  # fmt: skip
VIEWS = {"ledger/runs", "ledger/jobs", "responses/view", "responses/errors", "usage/usage"}
INSERTED = {
    "ledger/event": "log", "requests/keys": "keys", "responses/answers": "answers", "responses/stored": "responses",
    "responses/simulated": "responses", "developer/matched": "responses", "developer/responses": "responses",
}  # fmt: skip


def variants(name: str) -> Iterator[str]:
    """The file rendered with the usual values, then with each other value of one parameter."""
    values = {p: SPECIAL.get((name, p)) or VALUES[p] for p in sqlfiles.parameters_of(name)}
    usual = {parameter: tried[0] for parameter, tried in values.items()}
    yield sqlfiles.render(name, **usual)
    for parameter, tried in values.items():
        for value in tried[1:]:
            yield sqlfiles.render(name, **usual | {parameter: value})


STATEMENTS = [pytest.param(name, sql, id=f"{name}-{at}") for name in NAMES for at, sql in enumerate(variants(name))]


@functools.cache
def tables() -> dict[str, dict[str, str]]:
    """The columns of every table, as the files make them."""
    made: dict[str, dict[str, str]] = {}
    for table, name in MADE.items():
        found = googlesql().analyze(next(variants(name)), made, QUERY_PARAMETERS)
        made[f"{DATASET.path}.{table}"] = dict(found.columns)
    return made


def analyzed(sql: str) -> Analysis:
    found = googlesql().analyze(sql, tables(), QUERY_PARAMETERS)
    assert found.error is None, f"{found.error} at {found.line}:{found.column} of\n{sql}"
    return found


def used_in(template: str) -> set[str]:
    """The names that a template takes from outside."""
    tree = sqlfiles._environment().parse(template)
    set_here = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    return meta.find_undeclared_variables(tree) - set_here


def parsed(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect="bigquery")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_starts_with_what_a_row_is_and_declares_what_it_uses(name: str) -> None:
    text = (FOLDER / f"{name}.sql").read_text("utf-8")
    header = re.match(r"-- [A-Z].*\.\n(?:--\n((?:-- \w+: \S.*\n)+))?(?!--)", text)
    assert header, f"{name}.sql starts with -- what a row is, a sentence; then, after --, a line per parameter"
    declared = re.findall(r"-- (\w+): ", header[1] or "")
    assert sorted(declared) == sorted(used_in(text))
    assert tuple(declared) == sqlfiles.parameters_of(name)


@pytest.mark.parametrize("file", [FOLDER / f"{name}.sql" for name in NAMES] + MACROS, ids=lambda file: file.stem)
def test_what_is_imported_is_there_and_used(file: Path) -> None:
    text = file.read_text("utf-8")
    assert file not in MACROS or not used_in(text), "a macro uses nothing but its arguments"
    for template, names in re.findall(r"\{% from '([^']*)' import (.*?) -?%\}", text):
        macros = re.findall(r"macro (\w+)\(", (FOLDER / template).read_text("utf-8"))
        for name in names.split(", "):
            assert name in macros
            assert f"{name}(" in DIRECTIVE.sub("", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_formatted(file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.endswith("\n")
    assert not re.search(r"\t|\r| $|\n\n\Z", text, re.MULTILINE)
    if file not in MACROS:
        assert not [line for line in text.split("\n") if len(re.sub(r"'[^']*'", "''", line)) > 160]


@pytest.mark.parametrize(("name", "sql"), STATEMENTS)
def test_googlesql_takes_a_statement_in_every_form_it_is_used_in(name: str, sql: str) -> None:
    if isinstance(changing := parsed(sql), (exp.Update, exp.Delete)):
        assert analyzed(sql).kind == f"{type(changing).__name__}Stmt"
        return
    verb = "VIEW" if name in VIEWS else "TABLE"
    options = "OPTIONS (labels = [('bqbatch_prompt', 'x')])"
    made = analyzed(f"CREATE OR REPLACE {verb} {DATASET.of('made')}\n{options} AS\n{sql}").columns
    if name in INSERTED:
        assert [column for column, _ in made] == list(tables()[f"{DATASET.path}.{INSERTED[name]}"])
        analyzed(f"INSERT INTO {DATASET.of(INSERTED[name])}\n{sql}")


@pytest.mark.parametrize(("name", "sql"), STATEMENTS)
def test_bigquery_has_nothing_more_against_a_statement(name: str, sql: str) -> None:
    tree = parsed(sql)
    assert refused(tree) == []
    if name in VIEWS:
        assert not tree.find(exp.Parameter)


@pytest.mark.parametrize("sql", [pytest.param(one.values[1], id=one.id) for one in STATEMENTS])
def test_a_statement_can_be_put_in_brackets_and_after_a_verb(sql: str) -> None:
    first, *_, last = sql.split("\n")
    assert first.startswith("-- ")
    assert "--" not in last
    assert ";" not in last
    assert not re.search(r"\{\{|\{%", sql), "Jinja is left over"


def test_every_table_is_made_by_a_file_and_every_insert_goes_into_one() -> None:
    assert set(MADE.values()) | VIEWS | INSERTED.keys() <= set(NAMES)
    assert set(INSERTED.values()) <= MADE.keys()


def test_a_parameter_that_is_missing_or_unknown_is_a_fault_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="takes"):
        sqlfiles.render("checks/key_is_null")
    with pytest.raises(AssertionError, match="takes"):
        sqlfiles.render("checks/key_is_null", rows="`llm.r`", more=1)


def test_what_the_user_wrote_stays_as_it_is() -> None:
    written = "SELECT 1 AS key, '''a\n\n  b\u2028c\x85d \n\t''' AS prompt -- the end"
    sql = sqlfiles.render(
        "requests/rows", select=written, asked=("prompt",), form="prompt", envelope=ENVELOPE, model="simulated"
    )
    assert written in sql
