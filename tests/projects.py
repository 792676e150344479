"""A project's folder in a test, with the real command line in it: in this process, or as one of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bqbatch.cli import main
from bqbatch.warehouses.duckdb import DuckDBWarehouse

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A project's folder; it is the current one while the test runs."""

    root: Path

    @classmethod
    def made(cls, root: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str] = {}) -> Folder:
        """A new project with these files."""
        root.mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(root)
        folder = cls(root)
        for name, text in {"bqbatch.toml": 'model = "simulated"\n', **files}.items():
            folder.write(name, text)
        return folder

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def say(self, *arguments: str, stdin: str | bytes = "") -> Said:
        """What the command line says in this process; anything it does not catch is raised."""
        result = CliRunner().invoke(main, arguments, input=stdin, prog_name="bqbatch")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def run(self, *arguments: str) -> Row:
        """The JSON of a run that ends well."""
        said = self.say("run", *arguments, "--format", "json")
        assert said.code == 0, said.err
        result: Row = json.loads(said.out)
        return result

    def query(self, sql: str) -> list[Row]:
        """The rows of a query, as `query --format json` prints them."""
        said = self.say("query", sql, "--format", "json")
        assert said.code == 0, said.err
        rows: list[Row] = json.loads(said.out)
        return rows

    def value(self, sql: str) -> Any:
        """The one value of a query."""
        [row] = self.query(sql)
        [value] = row.values()
        return value

    def process(self, *arguments: str) -> subprocess.Popen[str]:
        """The command line as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "bqbatch", *arguments], cwd=self.root, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "COLUMNS": "200"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
        )  # fmt: skip

    def said_by(self, *arguments: str) -> Said:
        """What a process of its own says."""
        with self.process(*arguments) as process:
            out, err = process.communicate(timeout=120)
        return Said(process.returncode, out, err)

    @property
    def warehouse(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(self.root / ".bqbatch" / "warehouse.duckdb", "llm")

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Keeps the warehouse's file open: this process opens it again at once, and no other can."""
        with self.warehouse._open():
            yield

    def tables(self) -> set[str]:
        """The names of all tables and views in the dataset."""
        if not self.warehouse.path.exists():
            return set()
        with self.warehouse._open() as connection:
            found = connection.sql(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'llm'"
            ).fetchall()
        return {name for (name,) in found}

    def left_behind(self) -> set[str]:
        """Working tables and claims: none should outlive a run."""
        return {
            name
            for name in self.tables()
            if name.startswith(("bqb_rows", "bqb_req", "bqb_resp")) or name.endswith("__claim")
        }
