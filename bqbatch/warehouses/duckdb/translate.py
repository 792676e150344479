"""GoogleSQL to DuckDB: read by sqlglot, let in by an allow-list, rewritten as a tree."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from bqbatch.warehouses.duckdb.allowed import check_functions, check_syntax
from bqbatch.warehouses.duckdb.dialect import parse, words, written
from bqbatch.warehouses.duckdb.expressions import text
from bqbatch.warehouses.duckdb.rewrite import rewrite


@dataclass(frozen=True, slots=True)
class Translation:
    """DuckDB statements for one GoogleSQL statement, and the labels of a CREATE."""

    statements: tuple[str, ...]
    source: str

    def offset_of(self, position: int, statement: int = 0) -> int | None:
        """The offset in the GoogleSQL text of the word at a position of a DuckDB statement, if it is there too."""
        made = words(self.statements[statement], "duckdb")
        said = words(self.source, "bigquery")
        here = next(((i, token) for i, token in enumerate(made) if token.start <= position <= token.end), None)
        if here is None:
            return None
        index, token = here
        nth = sum(1 for other in made[:index] if other.text.lower() == token.text.lower())
        matches = [other for other in said if other.text.lower() == token.text.lower()]
        return matches[min(nth, len(matches) - 1)].start if matches else None


def translate(sql: str) -> Translation:
    """The DuckDB SQL of one GoogleSQL statement.

    Raises Unsupported, with the offset in `sql`, for what the embedded engine does not answer as GoogleSQL does.
    """
    tokens, tree = parse(sql)
    check_functions(tokens)
    check_syntax(tree)
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)  # the file is the project
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
