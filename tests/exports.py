"""A prompt that was exported, and the results that a batch of its requests might leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.names import RunObjects
from bqbatch.session import Session
from tests.projects import Folder, Row

MODEL = "gemini-3.5-flash-lite"


@dataclass(frozen=True, slots=True)
class Export:
    """One export: its run, its folder, and what a model might answer to each request: a response and a status."""

    run_id: str
    out: Path
    answers: Mapping[str, Row]

    @classmethod
    def made(
        cls, folder: Folder, out: str = "out", *arguments: str, file: str = "words.sql", faults: str = ""
    ) -> Export:
        """What `export` makes now; answers are made up, with these faults, a list of name and share."""
        said = folder.say("export", file, "-o", out, "--model", MODEL, "--format", "json", *arguments)
        assert said.code == 0, said.err
        manifest = json.loads(said.out)
        run_id = manifest["run"]
        if not manifest["counts"]["exported"]:
            return cls(run_id, folder.root / out, {})
        session = Session.open(folder.root / file)
        prompt, dataset = session.compile(folder.root / file, {}), session.project.target.dataset
        select = sqlfiles.render(
            "responses/simulated", requests=RunObjects(dataset, run_id).queue,
            answers=dataset.of(f"{prompt.name}__answers"), output=prompt.output, late=False, queue=None, text_likely=0,
            thoughts_likely=0, thoughts_most=None,
            faults=[(name, Decimal(share)) for name, _, share in (one.partition(":") for one in faults.split()) if name],
        )  # fmt: skip
        rows = {row["key"]: row for row in sorted(session.warehouse().read(select), key=lambda row: str(row["key"]))}
        return cls(run_id, folder.root / out, rows)

    @property
    def lines(self) -> list[str]:
        """The results as the Developer API writes them."""
        return [result(row) for row in self.answers.values()]

    def write(self, name: str = "results.jsonl", lines: list[str] | None = None) -> str:
        """A file of these lines, or of all, beside the requests; returns its path in the project."""
        path = self.out / name
        path.write_text("".join(f"{line}\n" for line in (self.lines if lines is None else lines)), "utf-8")
        return f"{self.out.name}/{name}"


def result(row: Mapping[str, Any]) -> str:
    """A response of a response table as a line of results."""
    _, _, error = (row["status"] or "").partition(": ")
    said = {"error": json.loads(error)["error"]} if error else {"response": json.loads(row["response"])}
    return json.dumps({"key": row["key"], **said}, ensure_ascii=False)
