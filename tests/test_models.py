"""What is known of Gemini's models before anything is sent."""

from __future__ import annotations

import pytest

from bqbatch.prompt.settings import Settings
from bqbatch.services.models import thinking_problem
from tests.clouds import Cloud


@pytest.mark.parametrize(
    ("model", "level", "budget", "message"),
    [
        ("gemini-3.5-flash-lite", "minimal", None, None),
        ("gemini-3.5-flash", None, None, None),
        ("gemini-3.5-flash", None, 512, "takes a thinking level, not 512 tokens"),
        ("gemini-3.7-flash", "minimal", None, "has no thinking level `minimal`"),
        ("gemini-3.7-flash", "low", None, None),
        ("gemini-3.1-pro-preview", "low", 100, "can't stand together"),
        ("gemini-2.5-flash", "low", None, "takes thinking in tokens, not a level"),
        ("gemini-2.5-flash", None, 0, None),
        ("gemini-2.5-pro", None, 0, "thinks for 128 tokens at least"),
        ("gemini-2.5-pro", None, -1, None),
        ("projects/p/locations/us-central1/models/7", "low", 1, None),
    ],
)
def test_thinking_is_said_as_the_models_family_takes_it(
    model: str, level: str | None, budget: int | None, message: str | None
) -> None:
    problem = thinking_problem(model, level, budget)
    assert (problem is None) == (message is None)
    if problem and message:
        assert message in problem[0]


def test_thinking_is_found_wherever_it_is_said() -> None:
    extra = {"generationConfig": {"thinkingConfig": {"thinkingBudget": 5}}}
    assert Settings(thinking="low").thinks == ("low", None)
    assert Settings(thinking=7).thinks == (None, 7)
    assert Settings(request_extra=extra).thinks == (None, 5)
    assert Settings(thinking="low", request_extra=extra).thinks == ("low", 5)
    assert Settings().thinks == (None, None)


def test_a_wrong_way_to_think_is_refused_at_its_place_before_anything_is_sent(cloud: Cloud) -> None:
    file = cloud.folder.root / "words.sql"
    file.write_text(file.read_text().replace("max_output_tokens", "thinking = 0, max_output_tokens"))
    said = cloud.say("run", "words.sql")
    assert said.code == 1
    assert "words.sql:2:44: `gemini-3.5-flash-lite` takes a thinking level, not 0 tokens" in said.err
    assert cloud.server.calls == []


def test_a_missing_output_cap_is_told_with_the_worst_case(cloud: Cloud) -> None:
    file = cloud.folder.root / "words.sql"
    assert "max_output_tokens is not set" not in cloud.say("run", "words.sql").err
    file.write_text(file.read_text().replace(", max_output_tokens = 100", ""))
    said = cloud.say("run", "words.sql", "--full-refresh")
    assert "note: max_output_tokens is not set: 4 answers of up to 65,536 tokens cost $0.33 at the worst" in said.err
