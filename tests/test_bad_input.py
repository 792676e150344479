"""Bad input gets one clear error: what, to which thing, where, and a hint that mends it; never a traceback.

A `.case` file holds everything: `=== name` starts a file of the project (`=== name latin-1` and `=== name crlf`
say how it is written, `=== name -> target` makes a symbolic link), `=== commands` lines to type before and at last
the one that fails (`bqbatch run prompt.sql` unless said otherwise), and `=== exit 1` what that one prints to stderr.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.projects import Folder, Said

CASES = Path(__file__).parent / "cases" / "bad_input"
FILES = sorted(CASES.rglob("*.case"))
HEAD = re.compile(r"^=== (.+)\n", re.MULTILINE)
USUAL = "run prompt.sql"


@dataclass(frozen=True, slots=True)
class Case:
    """A case file, read."""

    about: str
    files: dict[str, str]
    commands: list[str]
    code: int
    said: str

    @classmethod
    def read(cls, path: Path) -> Case:
        about, *rest = HEAD.split(path.read_bytes().decode())
        sections = dict(zip(rest[::2], rest[1::2], strict=True))
        commands = sections.pop("commands", f"{USUAL}\n").splitlines()
        [(exit_code, said)] = [(name, sections.pop(name)) for name in list(sections) if name.startswith("exit ")]
        return cls(about, sections, commands, int(exit_code.removeprefix("exit ")), said)

    def make(self, folder: Folder) -> None:
        """Writes the files of the project."""
        for head, text in self.files.items():
            name, _, how = head.partition(" ")
            path = folder.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if how.startswith("-> "):
                path.symlink_to(how.removeprefix("-> "))
            elif how == "crlf":
                path.write_bytes(text.replace("\n", "\r\n").encode())
            else:
                path.write_bytes(text.encode(how or "utf-8"))

    def play(self, folder: Folder) -> Said:
        """What the last of the commands says; those before it end well."""
        for command in self.commands[:-1]:
            said = folder.say(*shlex.split(command))
            assert said.code == 0, said.err
        return folder.say(*shlex.split(self.commands[-1]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder.made(tmp_path / "project", monkeypatch)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CASES).with_suffix("")))
def test_bad_input_is_told_what_where_and_how_to_mend_it(path: Path, folder: Folder, rewrite: bool) -> None:
    case = Case.read(path)
    case.make(folder)
    said = case.play(folder)
    told = said.err.replace(str(folder.root), "<project>")
    if rewrite:
        text = path.read_bytes().decode()
        path.write_bytes(f"{text[: text.index('=== exit ')]}=== exit {said.code}\n{told}".encode())
    assert told == Case.read(path).said
    assert said.code == Case.read(path).code
    assert said.code in (1, 2)
    assert said.out == ""
    assert "hint: " in told or said.code == 2
    assert folder.left_behind() == set()
    for place in re.finditer(r"^error: ([\w./-]+):(\d+):(\d+): ", told, re.MULTILINE):
        lines = (folder.root / place[1]).read_text("utf-8").split("\n")
        assert int(place[3]) <= len(lines[int(place[2]) - 1]) + 1


def test_every_folder_of_cases_has_some() -> None:
    assert all(list(folder.glob("*.case")) for folder in CASES.iterdir())
    assert len(FILES) > 100
