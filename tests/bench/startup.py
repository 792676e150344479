"""How long `--help` and `compile` take beside the imports that they can't do without."""

import subprocess
import sys
import time
from pathlib import Path

PROMPT = Path(__file__).parents[2] / "examples/reviews/quick.sql"


def seconds(*arguments: str) -> float:
    """The least of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    click = seconds("-c", "import click")
    parse = "import click, jinja2, sqlglot; sqlglot.parse_one('SELECT a FROM t', dialect='bigquery')"
    parsed = seconds("-c", parse)
    shown, compiled = seconds("-m", "bqbatch", "--help"), seconds("-m", "bqbatch", "compile", str(PROMPT))
    print(f"  --help   {shown:.2f} s   {shown / click:.2f} x import click (at most 2.5)")
    print(
        f"  compile  {compiled:.2f} s   {compiled / parsed:.2f} x importing click, jinja2, sqlglot and one parse (at most 1.5)"
    )
