"""The one error family.

    BqbatchError
    ├── ProjectError      bqbatch.toml, targets, files outside the project
    ├── PromptError       the user's template: Jinja, SELECT, output columns, settings
    ├── WarehouseError    what the warehouse answered
    │   ├── Unsupported   GoogleSQL that the embedded engine does not translate
    │   ├── Exists        a table is there already
    │   └── Locked        another process holds the warehouse file
    ├── ServiceError      the batch service or the local model
    ├── RunError          keys, claims, conservation of rows
    │   ├── Held          another run works on the prompt
    │   └── Interrupted   Ctrl-C; what was answered is kept
    ├── RowsNotOk         `--fail-on` found its rows
    └── OverCap           the cost cap: nothing was asked, or not all

A row that fails is data, never an exception. Core code raises these; only the
command line prints them. Anything else that reaches a user is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a user's file; line and column count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class BqbatchError(Exception):
    """Something a user can mend: what happened, to which thing, where, and a hint."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None, place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class ProjectError(BqbatchError):
    """The project's settings or files are not usable."""


class PromptError(BqbatchError):
    """The user's template does not say something bqbatch can run."""


class WarehouseError(BqbatchError):
    """The warehouse refused a statement.

    `offset` counts characters in the GoogleSQL text of the statement and leads back to the user's file.
    """

    def __init__(
        self, message: str, hint: str | None = None, place: Place | None = None, *, offset: int | None = None
    ) -> None:
        super().__init__(message, hint, place)
        self.offset = offset


class Unsupported(WarehouseError):
    """GoogleSQL that the embedded engine refuses rather than answer differently."""


class Exists(WarehouseError):
    """A table or view of that name is there already."""


class Locked(WarehouseError):
    """Another process holds the warehouse file."""


class ServiceError(BqbatchError):
    """The batch service could not take or answer the job."""


class RunError(BqbatchError):
    """A run could not start or did not conserve its rows."""


class Held(RunError):
    """Another run, or another command, has the claim of a prompt."""


class Interrupted(RunError):
    """The user stopped the run; what was answered is stored."""

    exit_code = 130


class RowsNotOk(BqbatchError):
    """Rows ended in an outcome that `--fail-on` names."""

    exit_code = 3


class OverCap(BqbatchError):
    """A run would cost, or might cost, more than it may."""

    exit_code = 4
