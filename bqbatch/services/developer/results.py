"""Result files of a batch as a response table.

A line is `{"key", "response"}` or `{"key", "error"}`, in any order, and does not echo its request
(https://ai.google.dev/gemini-api/docs/batch-api, February 2026); `sql/macros/results.sql` says what is made of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import ProjectError
from bqbatch.jsonl import as_parquet
from bqbatch.names import lines_of
from bqbatch.services import Job
from bqbatch.services.developer.rewrite import query_for_lines
from bqbatch.warehouses import Statement, Warehouse


def load_lines(warehouse: Warehouse, files: Sequence[Path], table: str) -> tuple[Path, ...]:
    """Makes a table of the lines of files, unless it is there: `line_id`, `file`, `number`, `line`.

    Returns the files whose gzip ends too early, or is damaged: what could be read of them is in the table.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="bqbatch-") as folder:
            parquet = Path(folder) / "lines.parquet"
            broken = as_parquet(files, parquet)
            warehouse.load(parquet, table)
            return broken
    except OSError as error:
        raise ProjectError(
            f"can't keep files on their way in {tempfile.gettempdir()}: {error.strerror or error}",
            "make room there, or set TMPDIR to another folder",
        ) from None


def load_results(warehouse: Warehouse, files: Sequence[Path], job: Job) -> tuple[Path, ...]:
    """Makes the response table of a job of its result files, unless it is there.

    Requests that did not leave, since the Developer API can't take them, have a row with the reason as their status. Lines
    that are no results are left out: what they were to answer is missing. Returns as `load_lines` does.
    """
    if warehouse.describe(job.responses):
        return ()
    lines = lines_of(job.responses)
    broken = load_lines(warehouse, files, lines)
    refused = query_for_lines(warehouse, job.requests)
    select = sqlfiles.render("developer/responses", lines=lines, refused=refused)
    warehouse.execute(
        Statement(f"CREATE TABLE {job.responses} AS\n{select}", f"bqb_{job.name}_results"),
        Statement(f"DROP TABLE IF EXISTS {lines}", f"bqb_{job.name}_lines"),
    )
    return broken
