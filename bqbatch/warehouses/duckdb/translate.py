"""GoogleSQL to DuckDB: read by sqlglot, let in by an allow-list, rewritten as a tree."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from bqbatch.errors import Unsupported
from bqbatch.warehouses.duckdb.allowed import check_functions, check_syntax, start
from bqbatch.warehouses.duckdb.dialect import parse, words, written
from bqbatch.warehouses.duckdb.expressions import text
from bqbatch.warehouses.duckdb.rewrite import rewrite

_FILES = {"csv", "tsv", "json", "jsonl", "ndjson", "parquet", "gz", "zst", "db", "duckdb", "txt", "xlsx"}
_NEAR = 4  # a macro's schema and name come before the word that it is about


@dataclass(frozen=True, slots=True)
class Translation:
    """DuckDB statements for one GoogleSQL statement, and the labels of a CREATE."""

    statements: tuple[str, ...]
    source: str

    def offset_of(self, position: int, statement: int = 0) -> int | None:
        """The offset in the GoogleSQL text of the word at a position of a DuckDB statement, or the next one it has."""
        made = words(self.statements[statement], "duckdb")
        said = words(self.source, "bigquery")
        known = {word.text.lower() for word in said}
        following = [index for index, word in enumerate(made) if word.end >= position][:_NEAR]
        at = next((index for index in following if made[index].text.lower() in known), None)
        if at is None:
            return None
        name = made[at].text.lower()
        nth = sum(1 for word in made[:at] if word.text.lower() == name)
        starts = self._starts(name)
        return starts[min(nth, len(starts) - 1)]

    def offset_of_name(self, name: str) -> int | None:
        """The offset in the GoogleSQL text where a name stands first."""
        return next(iter(self._starts(name.lower())), None)

    def _starts(self, name: str) -> list[int]:
        texts = ((word.start, word.text.lower()) for word in words(self.source, "bigquery"))
        return [start for start, text in texts if name in (text, text.rpartition(".")[2])]


def translate(sql: str) -> Translation:
    """The DuckDB SQL of one GoogleSQL statement.

    Raises Unsupported, with the offset in `sql`, for what the embedded engine does not answer as GoogleSQL does.
    """
    tokens, tree = parse(sql)
    check_functions(tokens)
    if isinstance(tree, exp.Create) and (partitions := tree.find(exp.PartitionedByProperty)):
        partitions.pop()  # the file has none, and needs none
    check_syntax(tree)
    for table in tree.find_all(exp.Table):
        if table.name.lower() in _FILES:  # DuckDB would read the file
            raise Unsupported(f"`{table.db}.{table.name}` names a file, not a table", "load it: {{ seed('file.csv') }}",
                              offset=start(table))  # fmt: skip
        table.set("catalog", None)  # the file is the project
        if not table.name and "." in table.db:  # a dataset by its whole path
            table.set("db", exp.to_identifier(table.db.rpartition(".")[2], quoted=True))
    comments = _comments(tree)
    return Translation((written(rewrite(tree)), *comments), sql)


def _comments(tree: exp.Expr) -> list[str]:
    """COMMENT ON for the labels in a CREATE's OPTIONS."""
    if not isinstance(tree, exp.Create):
        return []
    properties = tree.args.get("properties")
    labels: list[str] = []
    for item in properties.expressions if properties else []:
        if isinstance(item, exp.Property) and item.name == "labels":
            pairs = item.args["value"].expressions
            labels = ["=".join(part.name for part in pair.expressions) for pair in pairs]
    if not labels:
        return []
    kind = str(tree.args["kind"]).upper()
    target = tree.find(exp.Table)
    assert target is not None
    named = exp.table_(target.this, db=target.args.get("db")).sql(dialect="duckdb")
    return [f"COMMENT ON {kind} {named} IS {text('; '.join(labels)).sql(dialect='duckdb')}"]
