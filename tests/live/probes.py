"""What the documents leave open about batches of BigQuery tables, put to the service in five small jobs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.live.google import Live

Request = dict[str, Any]
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def request(text: str, role: str = "user", **more: Any) -> Request:
    """A request for a few tokens."""
    settings = {"maxOutputTokens": 64, **more.pop("settings", {})}
    return {"contents": [{"role": role, "parts": [{"text": text}]}], "generationConfig": settings, **more}


HELLO = request("Say hello.")
REQUESTS = [
    ("fine", HELLO),
    ("wrong", request("Say hello.", role="nobody")),
    ("schema", request("Seven, as JSON.", settings={"responseMimeType": "application/json", "responseJsonSchema": NUMBER})),
    ("tool", request("Say hello.", tools=[{"urlContext": {}}])),
    ("twice", HELLO),
    ("twice", HELLO),
]  # fmt: skip
"""The requests of the first job by their key; the others ask the first of them."""


@dataclass
class Asked:
    """The jobs, by what is new in each: how they ended (a state, or what the service refused them with), and their tables."""

    live: Live
    ends: dict[str, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The output of the first job."""
        table = f"`{self.live.path}.{self.table('json', 'out')}`"
        return self.live.read(
            f"SELECT key, status, response IS NULL AS is_null, TO_JSON_STRING(response) AS response FROM {table} ORDER BY key"
        )

    def table(self, job: str, side: str) -> str:
        return f"{self.live.name}_{side}_{job}"

    def row(self, key: str) -> dict[str, Any]:
        return next(row for row in self.rows if row["key"] == key)

    def response(self, key: str) -> Any:
        read = json.loads(self.row(key)["response"])
        return json.loads(read) if isinstance(read, str) else read


def ask(live: Live) -> Asked:
    """Makes the tables, sends the jobs and waits for their ends."""
    asked = Asked(live)
    rows = json.dumps([{"key": key, "request": said} for key, said in REQUESTS])
    select = "SELECT JSON_VALUE(row, '$.key') AS key, {} AS request FROM UNNEST(JSON_QUERY_ARRAY(PARSE_JSON(@rows, wide_number_mode => 'round'))) AS row"
    as_json = "JSON_QUERY(row, '$.request')"
    first = json.dumps([{"key": "fine", "request": HELLO}])
    for name, column, said in (
        ("json", as_json, rows),
        ("text", f"TO_JSON_STRING({as_json})", first),
        ("region", as_json, first),
    ):
        live.read(f"CREATE TABLE `{live.path}.{asked.table(name, 'in')}` AS {select.format(column)}", rows=said)
    source = f"`{live.path}.{asked.table('region', 'in')}`"
    live.read(f"CREATE VIEW `{live.path}.{asked.table('view', 'in')}` AS SELECT key, request FROM {source}")
    near = {"US": "us", "EU": "eu"}.get(live.dataset_location, "us")
    _send(asked, {"json": live.location, "text": live.location, "view": live.location, "region": near})
    _send(asked, {"json again": live.location})
    return asked


def _send(asked: Asked, jobs: dict[str, str]) -> None:
    live, sent = asked.live, {}
    for name, location in jobs.items():
        plain = name.removesuffix(" again")
        try:
            sent[name] = live.submit(asked.table(plain, "in"), asked.table(plain, "out"), location)
        except Exception as error:
            asked.ends[name] = f"refused: {error}"
    for name, job in sent.items():
        asked.ends[name] = ": ".join(filter(None, live.wait(job)))


def _failed(asked: Asked) -> str:
    row = asked.row("wrong")
    return f"{'NULL' if row['is_null'] else row['response']}; status {row['status']!r}"


def _schema(asked: Asked) -> str:
    text = asked.response("schema")["candidates"][0]["content"]["parts"][0]["text"]
    return f"the answer is {text!r}"


def _twice(asked: Asked) -> str:
    return f"{sum(row['key'] == 'twice' for row in asked.rows)} rows came back for 2 that were sent with one key"


def _again(asked: Asked) -> str:
    return (
        f"{asked.ends['json again']}; {len(REQUESTS)} requests were sent before, the table has {len(asked.rows)} rows"
    )


QUESTIONS: tuple[tuple[str, Callable[[Asked], str]], ...] = (
    ("how does a job with six requests end, of which one is wrong?", lambda asked: asked.ends["json"]),
    ("what are the columns of the output, if `request` is JSON?", lambda asked: str(dict(asked.live.types(asked.table("json", "out"))))),
    ("what are they, if `request` is STRING?", lambda asked: str(dict(asked.live.types(asked.table("text", "out"))))),
    ("what is `response` in a row that failed?", _failed),
    ("what is `status` in a row that did not?", lambda asked: repr(asked.row("fine")["status"])),
    ("does a job append to an output table that is there?", _again),
    ("may the source be a view?", lambda asked: asked.ends["view"]),
    ("does a job at us or eu take a dataset that is there?", lambda asked: f"dataset in {asked.live.dataset_location}: {asked.ends['region']}"),
    ("does responseJsonSchema hold?", _schema),
    ("is an empty tool taken?", lambda asked: f"status {asked.row('tool')['status']!r}"),
    ("what is trafficType?", lambda asked: repr(asked.response("fine")["usageMetadata"].get("trafficType"))),
    ("does a key that stands twice matter?", _twice),
)  # fmt: skip
NOT_ASKED = "are there limits on rows beyond 200,000, or on bytes?", "not asked: that would cost more than a few cents"


def answers(live: Live) -> Iterator[tuple[str, str]]:
    """Every question with its answer; one that can't be had says why."""
    try:
        asked = ask(live)
    except Exception as error:
        yield "can the jobs be sent?", f"no: {error!r}"
        return
    for question, look in QUESTIONS:
        try:
            yield question, look(asked)
        except Exception as error:
            yield question, f"can't be told: {error!r}"
    yield NOT_ASKED
