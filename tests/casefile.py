"""A `.case` file: a project's files and what is expected of them, in one text that anyone can read.

`=== name` starts a section. One is a file of the project (`=== name latin-1` and `=== name crlf` say how it is written,
`=== name -> target` makes a symbolic link) unless its test knows the name; the test says what those mean.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from pathlib import Path

HEAD = re.compile(r"^=== (.+)\n", re.MULTILINE)


def read_case(path: Path) -> dict[str, str]:
    """The sections of a case file by name, in order."""
    _, *parts = HEAD.split(path.read_bytes().decode())
    return dict(zip(parts[::2], parts[1::2], strict=True))


def write_case(path: Path, sections: Mapping[str, str]) -> None:
    path.write_bytes("".join(f"=== {name}\n{text}" for name, text in sections.items()).encode())


def make_files(root: Path, sections: Mapping[str, str], known: Container[str]) -> None:
    """Writes the files of a case; sections whose first word is known are not files."""
    for head, text in sections.items():
        name, _, how = head.partition(" ")
        if name in known:
            continue
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if how.startswith("-> "):
            path.symlink_to(how.removeprefix("-> "))
        elif how == "crlf":
            path.write_bytes(text.replace("\n", "\r\n").encode())
        else:
            path.write_bytes(text.encode(how or "utf-8"))
