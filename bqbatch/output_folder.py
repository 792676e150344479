"""A folder of files that belong together: all of them are there at the end, or none."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from bqbatch.errors import ProjectError

_MARK = ".writing"


@dataclass(slots=True)
class OutputFolder:
    """A folder that is being written to, by nobody else; `made` is what there is of it.

    The mark in it is locked, and has the names of the files. A lock ends with its process, so that a mark without one
    is of a process that was killed: what it names goes, unless its last file has its name, and all are whole.
    """

    path: Path
    mark: FileIO
    made: list[Path] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path) -> Iterator[OutputFolder]:
        """The folder, made where it is not there; after an error nothing is left in it, and none that was made.

        Raises ProjectError where it is not empty or can't be written to, and for what goes wrong with its files.
        """
        new = not path.exists()
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)
            try:
                with _locked(path / _MARK) as mark:
                    folder = cls(path, mark)
                    try:
                        folder._take()
                        yield folder
                    except BaseException:
                        for made in (*folder.made, path / _MARK):
                            made.unlink(missing_ok=True)
                        raise
            except BaseException:
                if new:
                    with contextlib.suppress(OSError):
                        path.rmdir()
                raise

    def _take(self) -> None:
        self.mark.seek(0)
        left = os.fsdecode(self.mark.read()).splitlines()
        if left and not (self.path / left[-1]).exists():
            for one in self.path.iterdir():
                if one.name.removeprefix(".") in left:
                    one.unlink()
        self.mark.truncate(0)
        if there := sorted(one.name for one in self.path.iterdir() if one.name != _MARK):
            more = f" and {len(there) - 1:,} more" if len(there) > 1 else ""
            raise ProjectError(
                f"{self.path} is not empty: it has {there[0]}{more}",
                "name a new folder: files are never mixed or replaced",
            )

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """A file to write, which has its name when all of them are whole."""
        unfinished = self.path / f".{name}"
        self.mark.write(os.fsencode(f"{name}\n"))
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
        for unfinished in tuple(self.made):
            self.made.append(unfinished.replace(self.path / unfinished.name.removeprefix(".")))
        (self.path / _MARK).unlink()


@contextlib.contextmanager
def _locked(mark: Path) -> Iterator[FileIO]:
    """The mark, which no other process has while it is open."""
    while True:
        with mark.open("a+b", 0) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ProjectError(
                    f"another export writes to {mark.parent}", "wait for it, or name another folder"
                ) from None
            if os.fstat(handle.fileno()).st_nlink:  # or who had it was done, and took it away
                yield handle
                return


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
