"""A prompt file rendered: the user's SELECT as plain SQL, and what its Jinja said on the side.

Jinja is sandboxed and strict. Every character of the SQL keeps its origin (`source.SourceMap`), so that an
error found later, by sqlglot or by the warehouse, is shown at the user's line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.loaders import BaseLoader
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from bqbatch.errors import Place, PromptError
from bqbatch.names import Dataset
from bqbatch.prompt import traps
from bqbatch.prompt.jinja_errors import BLOCKS, placed
from bqbatch.prompt.macros import Macros, Ref, Refused, Seed
from bqbatch.prompt.placeholders import Origin, PromptText, literal, placeholders_in
from bqbatch.prompt.settings import Settings
from bqbatch.prompt.source import PIECE, File, SourceMap, check_characters, has_marks, mark, unmarked

_PYTHON_ERRORS = (ArithmeticError, LookupError, MemoryError, SyntaxError, TypeError, ValueError)


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
    refs: tuple[Ref, ...]
    has_files: bool
    files: tuple[File, ...]


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
    return _Rendering(Macros(file, root, dataset, dict(variables))).run()


class _Rendering:
    """One prompt file and what it includes, on their way through Jinja."""

    def __init__(self, macros: Macros) -> None:
        self.macros = macros
        self.blocks: dict[str, Block] = {}

    def run(self) -> Rendered:
        macros = self.macros
        environment = SandboxedEnvironment(
            loader=_Loader(self), extensions=[_Blocks], undefined=StrictUndefined, keep_trailing_newline=True
        )
        environment.filters["literal"] = literal
        environment.globals = {**macros.callables, "range": environment.globals["range"]}
        environment.rendering = self  # type: ignore[attr-defined]
        try:
            marked = environment.get_template(macros.main.path).render()
        except RecursionError:
            raise PromptError(
                f"{macros.main.path} includes or calls itself without end", "break the circle",
                macros.main.place_of("include"),
            ) from None  # fmt: skip
        except (TemplateError, Refused, *_PYTHON_ERRORS) as error:
            raise placed(error, macros.files) from None
        unused = sorted(set(macros.variables) - macros.asked)
        if unused:
            near = difflib.get_close_matches(unused[0], sorted(macros.asked), n=1)
            raise PromptError(
                f"variable `{unused[0]}` is not used in {macros.main.path}",
                f"did you mean `{near[0]}`?" if near else f"use it: {{{{ var('{unused[0]}') }}}}",
            )
        sql, segments, labels = unmarked(PIECE.sub(lambda found: macros.pieces[int(found["piece"])].sql, marked))
        source_map = SourceMap(tuple(macros.files), segments)
        check_characters(sql, source_map.place)
        return Rendered(
            sql=sql,
            source_map=source_map,
            settings=macros.said(),
            system=self.blocks.get("system"),
            output=self.blocks.get("output"),
            prompts=tuple(
                PromptSpan(labels[str(i)], null) for i, null in enumerate(macros.null_columns) if str(i) in labels
            ),
            seeds=tuple(macros.seeds.values()),
            refs=tuple(macros.refs.values()),
            has_files=any(piece.mime for piece in macros.pieces),
            files=tuple(macros.files),
        )

    # What the blocks become.

    def block(self, tag: str, body: str) -> str:
        """What a block leaves in the SQL: a prompt's expression, or nothing."""
        plain, segments, _ = unmarked(body)
        source_map = SourceMap(tuple(self.macros.files), segments)
        check_characters(plain, source_map.place)
        if tag == "prompt":
            whole = PromptText(plain, _origins(plain, source_map))
            text = whole.dedented()
            starts = [mark(file, offset, copied=False) for file, offset, _ in (text.origins or whole.origins)[:1]]
            return "".join(starts) + self.macros.prompt_sql(text)
        if PIECE.search(plain):
            raise Refused(
                f"{{% {tag} %}} says the same for every row: no examples(…) and no file(…) in it",
                "put them into {% prompt %}", f"{tag} %}}",
            )  # fmt: skip
        if tag in self.blocks:
            raise Refused(f"{{% {tag} %}} stands twice", "keep one of them", f"{tag} %}}")
        if tag == "system":
            text = PromptText(plain, _origins(plain, source_map)).dedented()
            if placeholders := placeholders_in(text.text):
                found = placeholders[0]
                file, offset, _ = text.origins[found.start()]
                raise PromptError(
                    f"{found[0]} in {{% system %}} is not replaced: it says the same for every row",
                    "for a text of its own per row add a column: {{ prompt('… {column}') }} AS system; "
                    "write \\{ for a brace",
                    self.macros.files[file].place(offset),
                )
            plain = text.text.replace("\\{", "{")
        self.blocks[tag] = Block(plain, source_map.place)
        return ""

    # Where things are.

    def load(self, name: str) -> str:
        """The marked text of a template; the first is the prompt file, others are included."""
        files = self.macros.files
        if not files:
            file = self.macros.main
        else:
            path = self.macros.inside(self.macros.main.folder, name)
            if not path.is_file():
                raise Refused(
                    f"include '{name}': there is no such file", f"paths start at {self.macros.main.path}'s folder", name
                )
            file = read_template(path, str(Path(self.macros.main.path).parent / name))
        traps.check(file)
        files.append(file)
        return traps.instrument(file, len(files) - 1)


class _Loader(BaseLoader):
    def __init__(self, rendering: _Rendering) -> None:
        self.rendering = rendering

    def get_source(self, _environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        text = self.rendering.load(template)
        return text, self.rendering.macros.files[-1].path, lambda: True


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
