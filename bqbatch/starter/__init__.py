"""The files of a first project, as `init` copies them."""

from __future__ import annotations

from pathlib import Path

from bqbatch.errors import ProjectError

FILES = Path(__file__).parent / "project"


def init(folder: Path) -> list[Path]:
    """Copies the files of a first project into a folder and returns them. Raises ProjectError where one is there."""
    files = {folder / file.name: file.read_bytes() for file in sorted(FILES.iterdir())}
    there = [file for file in files if file.exists() or file.is_symlink()]
    if there:
        raise ProjectError(
            f"{there[0]} is there already; nothing was written", "name another folder: bqbatch init FOLDER"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            file.write_bytes(text)
    except OSError as error:
        raise ProjectError(f"can't write to {folder}: {error.strerror}", "is it a folder, and writable?") from None
    return list(files)
