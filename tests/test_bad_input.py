"""Bad input gets one clear error: what, to which thing, where, and a hint that mends it; never a traceback.

Of a case's sections, `commands` are lines to type, of which the last fails (`run prompt.sql` unless said otherwise),
and `exit 1` is what that one prints to stderr.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.casefile import make_files, read_case, write_case
from tests.projects import Folder

CASES = Path(__file__).parent / "cases" / "bad_input"
TYPED = ("query", "--where", "--columns")
FILES = sorted(CASES.rglob("*.case"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CASES).with_suffix("")))
def test_bad_input_is_told_what_where_and_how_to_mend_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewrite: bool
) -> None:
    folder = Folder.made(tmp_path / "project", monkeypatch)
    sections = read_case(path)
    make_files(folder.root, sections, known=("commands", "exit"))
    *before, last = sections.get("commands", "run prompt.sql").splitlines()
    for command in before:
        assert folder.say(*shlex.split(command)).code == 0
    said = folder.say(*shlex.split(last))
    told = said.err.replace(str(folder.root), "<project>")
    if rewrite:
        write_case(
            path, {name: text for name, text in sections.items() if name[:4] != "exit"} | {f"exit {said.code}": told}
        )
    assert told == read_case(path)[f"exit {said.code}"]
    assert said.code == (1 if re.search(r"^error: ", told, re.MULTILINE) else 2)
    assert said.out == ""
    assert said.code == 2 or re.search(r"^hint: .", told, re.MULTILINE)
    assert folder.left_behind() == set()
    if (place := re.match(r"error: ([\w./-]+):(\d+):(\d+): ", told)) and place[1] not in TYPED:
        lines = (folder.root / place[1]).read_text("utf-8", errors="replace").split("\n")
        assert int(place[3]) <= len(lines[int(place[2]) - 1]) + 1


def test_every_folder_of_cases_has_some() -> None:
    assert all(any(folder.glob("*.case")) for folder in CASES.iterdir())
    assert len(FILES) > 200
