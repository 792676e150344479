"""Jinja's errors in our words, at the user's line and column: Jinja tells no column, and of names no line."""

from __future__ import annotations

import difflib
import re

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.filters import FILTERS

from bqbatch.errors import PromptError
from bqbatch.prompt import traps
from bqbatch.prompt.macros import USAGE, Refused
from bqbatch.prompt.source import File

BLOCKS = ("prompt", "system", "output")
"""The blocks that bqbatch adds to Jinja's."""


def placed(error: Exception, files: list[File]) -> PromptError:
    """The error of a template in our words, with its place; `files` are those read so far, the prompt file first."""
    main = files[0]
    file, line = _where(error, files)
    if isinstance(error, Refused):
        return PromptError(error.message, error.hint, file.place_of(error.needle, line))
    message = (error.message if isinstance(error, TemplateError) else str(error)) or type(error).__name__
    quoted = re.findall(r"'([^']+)'", message)
    needle = quoted[0] if quoted else ""
    hint = "see https://jinja.palletsprojects.com/templates/ for Jinja's own words"
    if isinstance(error, TemplateNotFound):
        message, hint = f"include '{message}' was not found", f"paths start at {main.path}'s folder"
    elif isinstance(error, UndefinedError):
        near = difflib.get_close_matches(needle, [*USAGE, "range"], n=1, cutoff=0.7)
        if needle == "loop":
            hint = "`loop` is there between {% for … %} and {% endfor %}"
        elif near:
            hint = f"did you mean `{near[0]}`?"
        elif "has no attribute" not in message:
            hint = f"a text needs quotes, a value from outside is {{{{ var('{needle}') }}}}; known: {', '.join(USAGE)}"
    elif isinstance(error, SecurityError):
        hint = "templates are sandboxed: they can't reach Python's internals"
    elif called := re.match(r"Macros\.(\w+)\(\) ", message):
        needle = called[1]
        message, hint = f"{needle}(…) is not called so", f"write {{{{ {USAGE[needle]} }}}}"
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
    place = file.place(int(char[2])) if char else file.place_of(needle, line)
    message = char[1] if char else message
    if traps.in_sql_comment(file, line):
        hint = "Jinja runs inside SQL comments too: use {# … #} to switch code off"
    return PromptError(f"Jinja: {message}", hint, place)


def _where(error: Exception, files: list[File]) -> tuple[File, int]:
    if isinstance(error, TemplateSyntaxError):
        named = {file.path: file for file in files}
        return named.get(str(error.filename or error.name), files[-1]), error.lineno
    file, line = files[0], 0
    by_path = {file.path: file for file in files}
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in by_path:
            file, line = by_path[trace.tb_frame.f_code.co_filename], trace.tb_lineno
        trace = trace.tb_next
    return file, line
