"""What every object in the dataset is called: the one place that names tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset, `llm` or `project.llm`; `of(table)` is a quoted GoogleSQL path to one of its tables.

    That of a rehearsal has the path of the real one in `rehearses`, and in `together` the prompts that are rehearsed in one go.
    """

    path: str
    rehearses: str = ""
    together: frozenset[str] = frozenset()

    def rehearsal(self, together: Iterable[str] = ()) -> Dataset:
        """The scratch dataset beside this one, for a rehearsal of these prompts."""
        return Dataset(f"{self.path}_rehearsal", self.path, frozenset(together))

    @property
    def real(self) -> Dataset:
        """The dataset that is not a rehearsal's."""
        return Dataset(self.rehearses) if self.rehearses else self

    def upstream(self, prompt: str) -> Dataset:
        """Where the view of a prompt is that others build on: in a rehearsal the real one, unless that is rehearsed too."""
        return self if prompt in self.together else self.real

    def of(self, table: str) -> str:
        """The quoted path of a table or view."""
        return f"`{self.path}.{table}`"

    @property
    def log(self) -> str:
        return self.of("bqbatch_log")

    @property
    def runs(self) -> str:
        return self.of("bqbatch_runs")

    @property
    def jobs(self) -> str:
        return self.of("bqbatch_jobs")

    def seed(self, stem: str, digest: str) -> str:
        """The table of a seed file with this content; all tables of one file start alike, up to the digest."""
        plain = re.sub(r"[^a-z0-9_]+", "_", stem.lower()).strip("_") or "file"
        return self.of(f"seed_{plain[:40]}_{digest[:12]}")


def is_ours(table: str) -> bool:
    """Whether bqbatch gives such a name to tables of its own: no prompt and no table of the user has one."""
    return "__" in table or table.startswith(("bqb_", "bqbatch_", "seed_"))


def run_of(table: str) -> str | None:
    """The run whose working table this is, or None for any other table."""
    found = re.fullmatch(r"bqb_(?:rows|req|resp|lines)_(\d{8}_\d{6}_[0-9a-f]{6})(?:_\d+_\d+)?", table)
    return found and found[1]


def lines_of(responses: str) -> str:
    """The table of the lines that a response table is made of."""
    return responses.replace("bqb_resp_", "bqb_lines_")


def import_of(table: str) -> str | None:
    """The import whose working table this is, or None for any other table."""
    found = re.fullmatch(r"bqb_(?:lines|results|matches)_(\d{8}_\d{6}_[0-9a-f]{6})", table)
    return found and found[1]


@dataclass(frozen=True, slots=True)
class PromptObjects:
    """The permanent objects of one prompt."""

    dataset: Dataset
    prompt: str

    @property
    def view(self) -> str:
        return self.dataset.of(self.prompt)

    @property
    def rows(self) -> str:
        return self.dataset.of(f"{self.prompt}__rows")

    @property
    def answers(self) -> str:
        return self.dataset.of(f"{self.prompt}__answers")

    @property
    def keys(self) -> str:
        return self.dataset.of(f"{self.prompt}__keys")

    @property
    def errors(self) -> str:
        return self.dataset.of(f"{self.prompt}__errors")

    @property
    def usage(self) -> str:
        return self.dataset.of(f"{self.prompt}__usage")

    @property
    def claim(self) -> str:
        return self.dataset.of(f"{self.prompt}__claim")


@dataclass(frozen=True, slots=True)
class RunObjects:
    """The working tables of one run; a shard and an attempt count from 1."""

    dataset: Dataset
    run_id: str

    @property
    def rows(self) -> str:
        return self.dataset.of(f"bqb_rows_{self.run_id}")

    @property
    def queue(self) -> str:
        """All requests of the run, one partition for each shard."""
        return self.dataset.of(f"bqb_req_{self.run_id}")

    def requests(self, shard: int, attempt: int) -> str:
        """The request table of one batch prediction job."""
        return self.dataset.of(f"bqb_req_{self.run_id}_{shard}_{attempt}")

    def responses(self, shard: int, attempt: int) -> str:
        """The response table of one batch prediction job."""
        return self.dataset.of(f"bqb_resp_{self.run_id}_{shard}_{attempt}")


@dataclass(frozen=True, slots=True)
class ImportObjects:
    """The working tables of one import of result files."""

    dataset: Dataset
    import_id: str

    @property
    def lines(self) -> str:
        """The lines as they are."""
        return self.dataset.of(f"bqb_lines_{self.import_id}")

    @property
    def results(self) -> str:
        """What the lines say, or why they are no results."""
        return self.dataset.of(f"bqb_results_{self.import_id}")

    @property
    def matches(self) -> str:
        """Which run stores which of the results."""
        return self.dataset.of(f"bqb_matches_{self.import_id}")
