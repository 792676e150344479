"""What BigQuery has against a statement and GoogleSQL's analyser lets pass, as far as its text tells.

That JSON is compared, grouped or sorted, and that a view has query parameters, the analyser refuses itself. No
statement can tell how JSON gets into a table from Parquet or rows by streaming: bqbatch does neither.
"""

from __future__ import annotations

from sqlglot import exp


def refused(tree: exp.Expr) -> list[str]:
    """What BigQuery would not take of a statement, a sentence each."""
    return [*_unqualified(tree), *_parsed_strictly(tree), *_arrays_with_null(tree)]


def _unqualified(tree: exp.Expr) -> list[str]:
    """A view, and a job that says no default dataset, finds a table only by its dataset."""
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [table for table in tree.find_all(exp.Table) if not table.db and table.name not in named]
    return [f"{table.sql('bigquery')} is named without its dataset" for table in tables]


def _parsed_strictly(tree: exp.Expr) -> list[str]:
    """PARSE_JSON refuses a number that it can't keep exactly, unless it may round it."""
    calls = [call for call in tree.find_all(exp.ParseJSON) if not call.args.get("is_literal")]
    rounding = exp.Kwarg(this=exp.var("wide_number_mode"), expression=exp.Literal.string("round"))
    return [
        f"{call.sql('bigquery')} does not say wide_number_mode => 'round'"
        for call in calls
        if call.expression != rounding
    ]


def _arrays_with_null(tree: exp.Expr) -> list[str]:
    """An array with a NULL in it can be computed, and not be put out: so each says which elements it leaves out."""
    found: list[exp.Expr] = []
    for array in tree.find_all(exp.Array):
        queries = [item for item in array.expressions if isinstance(item, exp.Query)]
        found += [array for query in queries if not query.args.get("where")]
        found += [array for item in array.expressions if isinstance(item, exp.Null)]
    found += [call for call in tree.find_all(exp.ArrayAgg) if not isinstance(call.parent, exp.IgnoreNulls)]
    return [f"{array.sql('bigquery')} may have a NULL in it" for array in found]
