"""350,000 results of a batch brought home, a file of some 200 MB."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.jsonl import write_lines
from bqbatch.names import RunObjects
from bqbatch.session import Session
from bqbatch.warehouses import Statement
from tests.bench.throughput import ROWS, measured, source

LINES = r"""SELECT CONCAT('{"key":', TO_JSON_STRING(key), ',"response":', TO_JSON_STRING(response), '}\n') AS line FROM `llm.made`"""


def results(folder: Path, run_id: str, to: Path) -> None:
    """Writes a made-up answer to each request of an export."""
    session = Session.open(folder / "throughput.sql")
    prompt, dataset, warehouse = (
        session.compile(folder / "throughput.sql", {}),
        session.project.target.dataset,
        session.warehouse(),
    )
    made = sqlfiles.render(
        "responses/simulated", requests=RunObjects(dataset, run_id).queue, answers=dataset.of("throughput__answers"),
        output=prompt.output, faults=(), late=False, queue=None, text_likely=0, thoughts_likely=0, thoughts_most=None,
    )  # fmt: skip
    warehouse.execute(Statement(f"CREATE TABLE `llm.made` AS {made}", "made"))
    with warehouse.stream(LINES) as stream, to.open("wb") as out:
        write_lines(stream, out)
    warehouse.execute(Statement("DROP TABLE `llm.made`", "unmade"))


def main() -> None:
    rows = int(os.environ.get("BQBATCH_BENCH_ROWS", ROWS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("bqbatch.toml").touch()
        source(folder, rows)
        export = ("export", "throughput.sql", "-o", "out", "--model", "gemini-3.5-flash-lite", "--format", "json")
        _, _, output = measured(*export, folder=folder)
        results(folder, json.loads(output)["run"], folder / "results.jsonl")
        size = (folder / "results.jsonl").stat().st_size / 1e6
        took, peak, output = measured("import", "results.jsonl", "--format", "json", folder=folder)
        assert json.loads(output)["answered"] == rows, output
        print(
            f"  import           {took:6.2f} s   {rows / took:,.0f} lines/s (at least 100,000), {size / took:,.0f} MB/s of "
            f"{size:,.0f} MB, {peak:,.0f} MB (at most 1,000)"
        )
        again, peak, output = measured("import", "results.jsonl", "--format", "json", folder=folder)
        assert json.loads(output)["repeated"] == rows, output
        print(f"  the same again   {again:6.2f} s   {peak:,.0f} MB")
