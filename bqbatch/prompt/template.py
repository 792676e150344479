"""A prompt file rendered: the user's SELECT as plain SQL, and what its Jinja said on the side.

Jinja is sandboxed and strict. Every character of the SQL keeps its origin (`source.SourceMap`), so that an
error found later, by sqlglot or by the warehouse, is shown at the user's line.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.ext import Extension
from jinja2.filters import FILTERS
from jinja2.loaders import BaseLoader
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from bqbatch.errors import BqbatchError, Place, PromptError
from bqbatch.names import Dataset
from bqbatch.prompt import traps
from bqbatch.prompt.placeholders import Origin, PromptText, literal, placeholders_in, to_sql
from bqbatch.prompt.settings import Settings, problem_with
from bqbatch.prompt.source import File, SourceMap, check_characters, has_marks, label, mark, unmarked

BLOCKS = ("prompt", "system", "output")
MACROS = ("config", "prompt", "seed", "source", "var")
LATER = ("ref", "examples", "file")
SEED_FORMATS = (".csv", ".parquet", ".jsonl")
_USAGE = {
    "config": "config(temperature = 0)",
    "prompt": "prompt('Summarise {column}')",
    "seed": "seed('file.csv')",
    "source": "source('dataset.table')",
    "var": "var('name', 'default')",
}
_PYTHON_ERRORS = (ArithmeticError, LookupError, MemoryError, SyntaxError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Seed:
    """A file beside the query that is loaded into `table`, once per content."""

    path: Path
    table: str
    place: Place


@dataclass(frozen=True, slots=True)
class Block:
    """The text of a `{% system %}` or `{% output %}` block with the origin of its characters."""

    text: str
    place: Callable[[int], Place]


@dataclass(frozen=True, slots=True)
class PromptSpan:
    """Where a compiled prompt stands in the SQL, and the expression that names its first NULL column."""

    end: int
    null_column: str | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """The SQL of a prompt file and everything its Jinja declared."""

    sql: str
    source_map: SourceMap
    settings: Settings
    system: Block | None
    output: Block | None
    prompts: tuple[PromptSpan, ...]
    seeds: tuple[Seed, ...]
    files: tuple[File, ...]


class _Refused(Exception):
    """A macro's refusal; `needle` is the word in the template to point at."""

    def __init__(self, message: str, hint: str, needle: str) -> None:
        super().__init__(message)
        self.message, self.hint, self.needle = message, hint, needle


def read_template(path: Path, shown: str) -> File:
    """A template file's text; raises PromptError when it can't be read as UTF-8."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PromptError(
            f"can't read {shown}: {error.strerror}", "name a prompt file, such as reviews/sentiment.sql"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PromptError("the file is not UTF-8", "save it as UTF-8", Place(shown, line, 1)) from None
    if has_marks(text):
        raise PromptError(f"{shown} holds a Unicode noncharacter (U+FDD0 or U+FDD1)", "take it out")
    if "\0" in text:
        raise PromptError(f"{shown} holds a NUL character", "is it a SQL file?")
    return File(shown, re.sub("\r\n?", "\n", text), path.parent)


def render(file: File, root: Path, dataset: Dataset, variables: Mapping[str, str]) -> Rendered:
    """The prompt file as SQL; raises PromptError with the place of what Jinja or a macro refuses."""
    return _Rendering(file, root, dataset, dict(variables)).run()


@dataclass
class _Rendering:
    file: File
    root: Path
    dataset: Dataset
    variables: dict[str, str]
    files: list[File] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    null_columns: list[str | None] = field(default_factory=list)
    seeds: dict[str, Seed] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def run(self) -> Rendered:
        environment = SandboxedEnvironment(
            loader=_Loader(self), extensions=[_Blocks], undefined=StrictUndefined, keep_trailing_newline=True
        )
        environment.filters["literal"] = literal
        environment.globals = {
            "config": self.config,
            "prompt": self.prompt,
            "seed": self.seed,
            "source": self.source,
            "var": self.var,
            "range": environment.globals["range"],
            **{name: self._later(name) for name in LATER},
        }
        environment.rendering = self  # type: ignore[attr-defined]
        try:
            marked = environment.get_template(self.file.path).render()
        except RecursionError:
            raise PromptError(
                f"{self.file.path} includes or calls itself without end", "break the circle", self._find("include", 0)
            ) from None
        except (TemplateError, _Refused, *_PYTHON_ERRORS) as error:
            self._raise_placed(error)
        unused = sorted(set(self.variables) - self.asked)
        if unused:
            near = difflib.get_close_matches(unused[0], sorted(self.asked), n=1)
            raise PromptError(
                f"variable `{unused[0]}` is not used in {self.file.path}",
                f"did you mean `{near[0]}`?" if near else f"use it: {{{{ var('{unused[0]}') }}}}",
            )
        sql, segments, labels = unmarked(marked)
        source_map = SourceMap(tuple(self.files), segments)
        check_characters(sql, source_map.place)
        return Rendered(
            sql=sql,
            source_map=source_map,
            settings=Settings(**self.settings),
            system=self.blocks.get("system"),
            output=self.blocks.get("output"),
            prompts=tuple(
                PromptSpan(labels[str(i)], null) for i, null in enumerate(self.null_columns) if str(i) in labels
            ),
            seeds=tuple(self.seeds.values()),
            files=tuple(self.files),
        )

    # What a template may call.

    def config(self, **settings: Any) -> str:
        for name, value in settings.items():
            if isinstance(value, Undefined):
                raise _Refused(
                    f"config({name}=…) takes a value, not a name", f"a text needs quotes: {name} = '…'", name
                )
            if problem := problem_with(name, value):
                raise _Refused(*problem, needle=name)
            if name in self.settings:
                raise _Refused(f"config(…) sets `{name}` twice", "keep one of them", name)
            self.settings[name] = value
        return ""

    def prompt(self, text: str) -> str:
        if not isinstance(text, str):
            raise _Refused("prompt(…) takes one text", f"write {{{{ {_USAGE['prompt']} }}}}", "prompt")
        plain = unmarked(text)[0]
        origins: list[Origin] = [(0, 0, False)] * len(plain)
        for found in placeholders_in(plain):
            # The text of a call has lost its origin: the first call that says the same is shown.
            said = re.compile(rf"\bprompt\s*\(.*?({re.escape(found[0])})", re.DOTALL)
            places = ((number, at) for number, file in enumerate(self.files) if (at := said.search(file.text)))
            number, at = next(places, (0, None))
            origins[found.start()] = (number, at.start(1) if at else 0, True)
        return self._prompt(PromptText(plain, tuple(origins)).dedented())

    def seed(self, name: str) -> str:
        if not isinstance(name, str):
            raise _Refused("seed(…) takes a file's name", f"write {{{{ {_USAGE['seed']} }}}}", "seed")
        path = self._inside(self.file.folder, name)
        if path.suffix.lower() not in SEED_FORMATS:
            raise _Refused(f"seed('{name}') is not a file bqbatch loads", f"use {', '.join(SEED_FORMATS)}", name)
        try:
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
        except OSError as error:
            near = difflib.get_close_matches(path.name, [p.name for p in _siblings(path) if p != path], n=1)
            raise _Refused(
                f"seed('{name}') can't be read: {error.strerror}",
                f"did you mean '{near[0]}'?" if near else f"put the file beside {self.file.path}",
                name,
            ) from None
        table = self.dataset.seed(path.stem, hashlib.sha256((digest + path.suffix.lower()).encode()).hexdigest())
        self.seeds[table] = Seed(path, table, self._find(name, 0))
        return table

    def source(self, name: str) -> str:
        if not isinstance(name, str) or not re.fullmatch(r"(?:[\w-]+\.)?\w+\.\w+", name):
            raise _Refused(
                f"source({name!r}) does not name a table", "source('dataset.table') or source('project.dataset.table')",
                str(name),
            )  # fmt: skip
        return f"`{name}`"

    def var(self, name: str, default: Any = None) -> Any:
        if not isinstance(name, str):
            raise _Refused("var(…) takes a variable's name", f"write {{{{ {_USAGE['var']} }}}}", "var")
        self.asked.add(name)
        if name in self.variables:
            return self.variables[name]
        if default is None:
            raise _Refused(
                f"variable `{name}` has no value", f"add --var {name}=… or a default: var('{name}', '…')", name
            )
        return default

    def _later(self, name: str) -> Callable[..., str]:
        def refuse(*_: Any, **__: Any) -> str:
            raise _Refused(f"{name}(…) is not in this version of bqbatch", f"known macros: {', '.join(MACROS)}", name)

        return refuse

    # What the blocks become.

    def block(self, tag: str, body: str) -> str:
        """What a block leaves in the SQL: a prompt's expression, or nothing."""
        plain, segments, _ = unmarked(body)
        source_map = SourceMap(tuple(self.files), segments)
        check_characters(plain, source_map.place)
        if tag == "prompt":
            whole = PromptText(plain, _origins(plain, source_map))
            text = whole.dedented()
            starts = [mark(file, offset, copied=False) for file, offset, _ in (text.origins or whole.origins)[:1]]
            return "".join(starts) + self._prompt(text)
        if tag in self.blocks:
            raise _Refused(f"{{% {tag} %}} stands twice", "keep one of them", f"{tag} %}}")
        if tag == "system":
            text = PromptText(plain, _origins(plain, source_map)).dedented()
            if placeholders := placeholders_in(text.text):
                found = placeholders[0]
                file, offset, _ = text.origins[found.start()]
                raise PromptError(
                    f"{found[0]} in {{% system %}} is not replaced: it says the same for every row",
                    "for a text of its own per row add a column: {{ prompt('… {column}') }} AS system; "
                    "write \\{ for a brace",
                    self.files[file].place(offset),
                )
            plain = text.text.replace("\\{", "{")
        self.blocks[tag] = Block(plain, source_map.place)
        return ""

    def _prompt(self, text: PromptText) -> str:
        made = to_sql(text)
        self.null_columns.append(made.null_column)
        return f"{made.expression}{label(str(len(self.null_columns) - 1))}"

    # Where things are.

    def load(self, name: str) -> str:
        """The marked text of a template; the first is the prompt file, others are included."""
        if not self.files:
            file = self.file
        else:
            path = self._inside(self.file.folder, name)
            if not path.is_file():
                raise _Refused(
                    f"include '{name}': there is no such file", f"paths start at {self.file.path}'s folder", name
                )
            file = read_template(path, str(Path(self.file.path).parent / name))
        traps.check(file)
        self.files.append(file)
        return traps.instrument(file, len(self.files) - 1)

    def _inside(self, folder: Path, name: str) -> Path:
        path = (folder / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise _Refused(f"'{name}' lies outside the project", f"keep it under {self.root.name}/", name)
        return path

    def _find(self, needle: str, line: int, file: File | None = None) -> Place:
        file = file or self.files[0]
        start = file.offset_of_line(line) if line else 0
        rest = file.text[start:]
        # In a line that Jinja has something against, what is meant stands in its own signs.
        sign = re.search(r"\{[{%#]", rest.partition("\n")[0] if line else rest)
        opened = start + (sign.start() if sign else len(rest) - len(rest.lstrip()))
        found = file.text.find(needle, opened) if needle else -1
        if found < 0 and needle:
            found = file.text.find(needle)
        return file.place(found if found >= 0 else opened)

    def _raise_placed(self, error: Exception) -> NoReturn:
        if isinstance(error, BqbatchError):
            raise error
        file, line = self._where(error)
        if isinstance(error, _Refused):
            raise PromptError(error.message, error.hint, self._find(error.needle, line, file)) from None
        message = (error.message if isinstance(error, TemplateError) else str(error)) or type(error).__name__
        quoted = re.findall(r"'([^']+)'", message)
        needle = quoted[0] if quoted else ""
        hint = "see https://jinja.palletsprojects.com/templates/ for Jinja's own words"
        if isinstance(error, TemplateNotFound):
            message, hint = f"include '{message}' was not found", f"paths start at {self.file.path}'s folder"
        elif isinstance(error, UndefinedError):
            near = difflib.get_close_matches(needle, [*MACROS, "range"], n=1, cutoff=0.7)
            if needle == "loop":
                hint = "`loop` is there between {% for … %} and {% endfor %}"
            elif near:
                hint = f"did you mean `{near[0]}`?"
            elif "has no attribute" not in message:
                hint = f"a text needs quotes, a value from outside is {{{{ var('{needle}') }}}}; known: {', '.join(MACROS)}"
        elif isinstance(error, SecurityError):
            hint = "templates are sandboxed: they can't reach Python's internals"
        elif called := re.match(r"_Rendering\.(\w+)\(\) ", message):
            needle = called[1]
            message, hint = f"{needle}(…) is not called so", f"write {{{{ {_USAGE[needle]} }}}}"
        elif isinstance(error, SyntaxError):
            needle = error.msg.rpartition(": ")[2]
            message, hint = f"`{needle}` is said twice in one call", "keep one of them"
        elif isinstance(error, MemoryError):
            message, hint = "the text is too long for the memory", "rows belong into a table, not into the template"
        elif "No filter named" in message:
            near = difflib.get_close_matches(needle, ["literal", *FILTERS], n=1)
            hint = f"did you mean `{near[0]}`?" if near else "`literal` makes a SQL string; Jinja has the others"
        elif "unknown tag" in message and needle.startswith("end"):
            message = f"{{% {needle} %}} closes nothing that is open here"
            hint = f"write {{% {quoted[1]} %}}" if len(quoted) > 1 else "take it out, or open the block before it"
        elif "unknown tag" in message:
            near = difflib.get_close_matches(needle, [*BLOCKS, "include", "if", "for", "set"], n=1, cutoff=0.6)
            hint = f"did you mean {{% {near[0]} %}}?" if near else f"bqbatch's own blocks: {', '.join(BLOCKS)}"
        elif "end of comment tag" in message:
            needle, hint = "{#", "{# opens a Jinja comment; close it with #}, or write {{ '{#' }} for the characters"
        elif opened := re.search(r"needs to be closed is '(\w+)'", message):
            needle = opened[1]
            message, hint = f"{{% {needle} %}} is not closed", f"add {{% end{needle} %}}"
        elif isinstance(error, TemplateSyntaxError):
            needle = quoted[-1] if "got '" in message else needle
            hint = "{{ … }} and {% … %} are Jinja's: close them, or write {{ '{{' }} and {{ '{%' }} for the characters"
        char = re.fullmatch(r"(unexpected char .*) at (\d+)", message, re.DOTALL)
        place = file.place(int(char[2])) if char else self._find(needle, line, file)
        message = char[1] if char else message
        if traps.in_sql_comment(file, line):
            hint = "Jinja runs inside SQL comments too: use {# … #} to switch code off"
        raise PromptError(f"Jinja: {message}", hint, place) from None

    def _where(self, error: Exception) -> tuple[File, int]:
        if isinstance(error, TemplateSyntaxError):
            named = {file.path: file for file in self.files}
            return named.get(str(error.filename or error.name), self.files[-1]), error.lineno
        file, line = self.files[0], 0
        by_path = {file.path: file for file in self.files}
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename in by_path:
                file, line = by_path[trace.tb_frame.f_code.co_filename], trace.tb_lineno
            trace = trace.tb_next
        return file, line


class _Loader(BaseLoader):
    def __init__(self, rendering: _Rendering) -> None:
        self.rendering = rendering

    def get_source(self, _environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        text = self.rendering.load(template)
        return text, self.rendering.files[-1].path, lambda: True


class _Blocks(Extension):
    tags = set(BLOCKS)  # noqa: RUF012, Jinja's own name for it

    def parse(self, parser: Parser) -> nodes.Node:
        tag = next(parser.stream)
        body = parser.parse_statements((f"name:end{tag.value}",), drop_needle=True)
        call = self.call_method("_block", [nodes.Const(tag.value)])
        return nodes.CallBlock(call, [], [], body).set_lineno(tag.lineno)

    def _block(self, tag: str, caller: Callable[[], str]) -> str:
        rendering: _Rendering = self.environment.rendering  # type: ignore[attr-defined]
        return rendering.block(tag, caller())


def _origins(plain: str, source_map: SourceMap) -> tuple[Origin, ...]:
    origins: list[Origin] = []
    segments = source_map.segments
    for index, segment in enumerate(segments):
        end = segments[index + 1].start if index + 1 < len(segments) else len(plain)
        if index == 0 and segment.start > 0:
            origins += [(segment.file, segment.offset, False)] * segment.start
        origins += [
            (segment.file, segment.offset + shift * segment.copied, segment.copied)
            for shift in range(end - segment.start)
        ]
    return tuple(origins) if origins else ((0, 0, False),) * len(plain)


def _siblings(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir()) if path.parent.is_dir() else []
