"""What a prompt asks about: the views it builds on, the columns and the keys of its SELECT."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bqbatch import sqlfiles
from bqbatch.errors import Place, RunError, WarehouseError
from bqbatch.names import PromptObjects
from bqbatch.prompt.compile import FORMS, CompiledPrompt, check_columns, check_types
from bqbatch.run.script import LABEL, Build, Script, first
from bqbatch.run.watcher import Watcher
from bqbatch.values import as_text
from bqbatch.warehouses import Warehouse


@dataclass(frozen=True, slots=True)
class Source:
    """The SELECT of a prompt in a warehouse. Its errors are shown at the user's file, line and column."""

    prompt: CompiledPrompt
    warehouse: Warehouse
    watcher: Watcher

    def build(self, script: Script, *, allow_partial: bool) -> tuple[tuple[str, ...], int | None]:
        """Runs the SELECT into the run's working rows; returns its columns, and the bytes it reads as far as is known.

        Raises RunError where a view it builds on is not there or not complete, or where keys do not tell rows apart.
        """
        for ref in self.prompt.refs:
            self._check_upstream(
                PromptObjects(script.dataset.upstream(ref.name), ref.name), ref.place, allow_partial=allow_partial
            )
        for seed in self.prompt.seeds:
            with self._placed(seed_of=seed.place):
                self.warehouse.load(seed.path, seed.table)
        columns, read = self._columns()
        statement = Build(self.prompt, script, columns).rows()
        with self._placed(statement=statement.sql):
            self.warehouse.execute(statement)
        self._check_keys(script)
        return columns, read

    def note_skipped(self, script: Script, rows: int, skipped: int) -> None:
        if rows == 0:
            self.watcher.note("the SELECT returned no rows")
        if not skipped:
            return
        for row in self.warehouse.read(sqlfiles.render("requests/skipped", rows=script.work.rows)):
            count = f"{row['skipped']:,} {'row is' if row['skipped'] == 1 else 'rows are'}"
            name = row["null_column"]
            default = "" if name in FORMS or name.startswith("examples of ") else " ({column|'…'} gives a default)"
            self.watcher.note(f"{count} skipped: `{name}` is NULL{default}")

    def _check_upstream(self, name: PromptObjects, place: Place, *, allow_partial: bool) -> None:
        run = f"bqbatch run {shlex.quote(str(Path(self.prompt.path).with_name(f'{name.prompt}.sql')))}"
        view = self.warehouse.describe(name.view)
        if view is None or view.labels.get(LABEL) != name.prompt:
            what = "has no view yet" if view is None else "is no prompt's view"
            raise RunError(f"ref('{name.prompt}'): `{name.prompt}` {what}", f"run it before: {run}", place)
        pending = list(self.warehouse.read(first("row_is_pending", view=name.view)))
        if pending and not allow_partial:
            count = f"{pending[0]['wrong']:,} {'row' if pending[0]['wrong'] == 1 else 'rows'}"
            raise RunError(
                f"ref('{name.prompt}'): {count} of `{name.prompt}` have no answer yet",
                f"finish it: {run}, or take what is there: --allow-partial", place,
            )  # fmt: skip

    def _columns(self) -> tuple[tuple[str, ...], int | None]:
        with self._placed(statement=self.prompt.select):
            dry = self.warehouse.dry_run(self.prompt.select)
        names = tuple(column.name for column in dry.columns)
        check_columns(self.prompt, names)
        check_types(self.prompt, {column.name: column.type for column in dry.columns})
        return names, dry.bytes

    def _check_keys(self, script: Script) -> None:
        for check, what in (("key_is_null", "is NULL"), ("key_is_repeated", "stands more than once")):
            wrong = self.warehouse.read(first(check, rows=script.work.rows))
            if not wrong.rows:
                continue
            found = list(wrong)
            shown = (
                ""
                if check == "key_is_null"
                else ": " + ", ".join(f"{key_text(row['key'])} ({row['times']} times)" for row in found)
            )
            number = found[0]["wrong"]
            things = (
                ("row's key" if number == 1 else "rows' key")
                if check == "key_is_null"
                else ("key" if number == 1 else "keys")
            )
            verb = what if number == 1 or check == "key_is_null" else what.replace("stands", "stand")
            raise RunError(
                f"{number:,} {things} {verb}{shown}",
                "give each row a key of its own; a duplicate text is asked once whatever its keys"
                if check == "key_is_repeated"
                else "leave such rows out: WHERE … IS NOT NULL",
                self.prompt.place_of("key"),
            )

    @contextlib.contextmanager
    def _placed(self, statement: str = "", seed_of: Place | None = None) -> Iterator[None]:
        """Shows the warehouse's errors at the user's file, line and column."""
        try:
            yield
        except WarehouseError as error:
            if seed_of is not None:
                error.place = seed_of
            elif error.offset is not None:
                start = statement.find(self.prompt.select)
                inside = error.offset - start
                if 0 <= inside <= len(self.prompt.select):
                    error.place = self.prompt.source_map.place(inside)
            if error.place is None:
                whole = self.prompt.place_of("SELECT")
                places = map(self.prompt.place_of, re.findall(r"[\"'`](\w+)[\"'`]", error.message))
                error.place = next((place for place in places if place != whole), whole)
            error.hint = error.hint or f"see the SQL around it: bqbatch compile {shlex.quote(self.prompt.path)}"
            raise


def key_text(key: object) -> str:
    """A key as errors show it."""
    return repr(key) if isinstance(key, str) else as_text(key)
