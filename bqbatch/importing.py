"""What `import` does: files of results brought home to the prompts that were exported."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bqbatch.errors import Interrupted, ProjectError
from bqbatch.formats import is_stream, replaced
from bqbatch.jsonl import write_lines
from bqbatch.manifest import FILE, REFUSED, Described
from bqbatch.run.importer import Importer
from bqbatch.run.ledger import new_run_id
from bqbatch.run.result import Import
from bqbatch.run.script import Script
from bqbatch.run.watcher import Watcher
from bqbatch.screen import Screen
from bqbatch.session import Session

REJECTS = ".rejects.jsonl"
_ENDINGS = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The result files of an import, and the manifests beside them."""

    files: tuple[Path, ...]
    manifests: tuple[Described, ...]

    @classmethod
    def found(cls, paths: Sequence[Path]) -> Inputs:
        """Those that are named; of a folder its files of JSON lines, but for those that export wrote.

        Raises ProjectError where there is none.
        """
        files: dict[Path, Path] = {}
        beside = {path if path.name == FILE else (path if path.is_dir() else path.parent) / FILE for path in paths}
        manifests = tuple(filter(None, map(Described.read, sorted(beside))))
        for path in paths:
            if path.is_dir():
                for file in _results_in(path, manifests):
                    files.setdefault(file.resolve(), file)
            elif not path.exists():
                raise ProjectError(f"there is no file {path}", "name the files of results, or their folder")
            elif path.name != FILE:
                files.setdefault(path.resolve(), path)
        if not files:
            raise ProjectError(f"{paths[0]} is no file of results", "name the files of results, or their folder")
        return cls(tuple(files.values()), manifests)

    def rejects(self, named: Path | None) -> Path:
        """The file for lines that are no results: the named one, or one beside the first file.

        Raises ProjectError where that is a file which is read, under whatever name: it would be replaced.
        """
        kept = named or beside(self.files[0])
        for file in (*self.files, *(manifest.path for manifest in self.manifests)):
            with contextlib.suppress(OSError):  # it is not there, or can't be written either
                if kept.samefile(file) and not kept.is_char_device():
                    raise ProjectError(
                        f"lines that are no results would be kept in {kept}, which is a file to import",
                        "--rejects FILE names another file for them",
                    )
        return kept

    def check(self, runs: Sequence[Script], watcher: Watcher) -> None:
        """Says where a manifest tells otherwise than the keys of the results, or than the files it lists."""
        for manifest in self.manifests:
            for changed in manifest.changed():
                watcher.note(
                    f"{changed} was changed after its export (its SHA-256 is another one): answers are stored for what was "
                    "exported, whatever was asked"
                )
            if runs and manifest.run_id not in {run.run_id for run in runs}:
                answered = ", ".join(f"{run.run_id} of `{run.prompt}`" for run in runs)
                watcher.note(
                    f"{manifest.path} is of run {manifest.run_id} of `{manifest.prompt}`, but the results are of run "
                    f"{answered}, as their keys say: they are stored there"
                )


def _results_in(folder: Path, manifests: Sequence[Described]) -> list[Path]:
    exported = {name for manifest in manifests if manifest.path.parent == folder for name in manifest.files}
    found = (path for path in sorted(folder.iterdir()) if path.name.endswith(_ENDINGS) and path.is_file())
    results = [path for path in found if path.name not in (REFUSED, *exported) and not path.name.endswith(REJECTS)]
    if not results and exported:
        raise ProjectError(
            f"{folder} has what was exported, and no files of results", "name the files that the batch gave back"
        )
    if not results:
        raise ProjectError(
            f"{folder} has no files of results", "they end in .jsonl or .jsonl.gz; name others one by one"
        )
    return results


def import_files(paths: Sequence[Path], target: str | None, rejects: Path | None, *, quiet: bool) -> Import:
    """Brings the answers in result files home, publishes the runs they belong to, and says what became of each line.

    Lines that are no results are written to `rejects`, by default `beside` the first file. Raises RunError where no line
    is an answer to what was exported; and Held while another process works on such a prompt.
    """
    session = Session.open(Path.cwd(), target)
    dataset = session.project.target.dataset
    if not session.is_begun or not session.warehouse().describe(dataset.log):
        raise ProjectError("nothing was exported here yet", "bqbatch export FILE")
    try:
        inputs = Inputs.found(paths)
        kept = inputs.rejects(rejects)
    except OSError as error:
        raise ProjectError(
            f"can't look for results: {error.strerror}: {error.filename}", "name files that you may read"
        ) from None
    warehouse = session.warehouse()

    def reject(sql: str) -> Path:
        with replaced(kept, "or --rejects FILE names another file") as file, warehouse.stream(sql) as stream:
            write_lines(stream, file)
        return kept

    with Screen(quiet=quiet) as screen:
        importer = Importer(warehouse, dataset, new_run_id(), screen, session.project.target.name)
        try:
            return importer.bring_home(inputs.files, reject, lambda runs: inputs.check(runs, screen))
        except KeyboardInterrupt:
            raise Interrupted(
                "stopped before everything was stored", "import the same files again: no answer is stored twice"
            ) from None


def beside(file: Path) -> Path:
    """The file for what is no result in a file: `results.rejects.jsonl` for `results.jsonl`.

    For a pipe or standard input, which have no place among files, it is `import.rejects.jsonl` in the current folder.
    """
    if is_stream(file):
        return Path(f"import{REJECTS}")
    name = file.name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return file.with_name(f"{name}{REJECTS}")
