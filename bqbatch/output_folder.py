"""A folder of files that belong together: all of them are there at the end, or none."""

from __future__ import annotations

import contextlib
import errno
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bqbatch.errors import ProjectError

_MARK = ".writing"


@dataclass(slots=True)
class OutputFolder:
    """A folder that is being written to, by nobody else; `made` is what there is of it."""

    path: Path
    made: list[Path] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path) -> Iterator[OutputFolder]:
        """The folder, made where it is not there; after an error nothing is left in it, and none that was made.

        Raises ProjectError where it is not empty or can't be written to, and for what goes wrong with its files.
        """
        folder = cls(path)
        new = not path.exists()
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)
        mark = path / _MARK
        try:
            with _told(path):
                folder._take(mark)
                yield folder
        except BaseException:
            for made in folder.made:
                made.unlink(missing_ok=True)
            if new:
                with contextlib.suppress(OSError):
                    path.rmdir()
            raise

    def _take(self, mark: Path) -> None:
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            raise ProjectError(
                f"another export writes to {self.path}, or was stopped there", "name another folder, or remove it"
            ) from None
        self.made.append(mark)
        if there := sorted(one.name for one in self.path.iterdir() if one != mark):
            more = f" and {len(there) - 1:,} more" if len(there) > 1 else ""
            raise ProjectError(
                f"{self.path} is not empty: it has {there[0]}{more}",
                "name a new folder: files are never mixed or replaced",
            )

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """A file to write, which has its name when all of them are whole."""
        unfinished = self.path / f".{name}"
        with unfinished.open("xb") as handle:
            self.made.append(unfinished)
            yield handle

    def remove(self, name: str) -> None:
        """Takes a file away again."""
        unfinished = self.path / f".{name}"
        unfinished.unlink()
        self.made.remove(unfinished)

    def done(self) -> None:
        """Gives the files their names, in the order in which they were made, and the folder back."""
        mark, *files = self.made
        for unfinished in files:
            self.made.append(unfinished.replace(self.path / unfinished.name.removeprefix(".")))
        mark.unlink()


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "is the folder writable?"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            hint = f"free space there, or -o on another disk; nothing is left in {shlex.quote(str(path))}"
        elif error.errno in (errno.EEXIST, errno.ENOTDIR):
            hint = "name a folder, not a file"
        raise ProjectError(f"can't write to {path}: {error.strerror}", hint) from None
