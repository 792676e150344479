"""What is known of Gemini's models before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bqbatch.prompt.settings import Settings
from bqbatch.services.models import cap_problem, thinking_note, thinking_problem
from tests.clouds import Cloud
from tests.projects import Folder


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


@pytest.mark.parametrize(
    ("model", "cap", "refused"),
    [
        ("gemini-2.5-pro", 128, True),
        ("gemini-2.5-pro", 129, False),
        ("gemini-2.5-pro", None, False),
        ("gemini-2.5-flash", 1, False),
        ("gemini-3.1-pro-preview", 1, False),
    ],
)
def test_a_cap_of_which_thoughts_leave_nothing_is_refused(model: str, cap: int | None, refused: bool) -> None:
    assert (cap_problem(model, cap) is not None) == refused


@pytest.mark.parametrize(
    ("model", "level", "budget", "cap", "typed", "message"),
    [
        ("gemini-2.5-flash", None, 1024, 1024, False, "max_output_tokens is 1,024"),
        ("gemini-2.5-flash", None, 1023, 1024, True, None),
        ("gemini-2.5-flash", None, 70_000, None, False, "what a model writes at most is 65,536"),
        ("gemini-2.5-flash", None, -1, 1, False, None),
        ("gemini-2.5-flash", None, None, 100, True, None),
        ("gemini-3.5-flash", None, None, None, True, "at the level medium"),
        ("gemini-3.1-pro-preview", None, None, None, True, "at the level high"),
        ("publishers/google/models/gemini-3.8-flash", None, None, None, True, "at the level medium"),
        ("gemini-3.5-flash", None, None, None, False, None),
        ("gemini-3.5-flash", "low", None, None, True, None),
        ("gemini-3.5-flash-lite", None, None, None, True, None),
        ("gemini-3.1-flash-image", None, None, None, True, None),
        ("projects/p/locations/us-central1/models/7", None, None, None, True, None),
        ("smollm2", None, None, None, True, None),
    ],
)
def test_thoughts_that_may_take_the_answers_room_are_noted(
    model: str, level: str | None, budget: int | None, cap: int | None, typed: bool, message: str | None
) -> None:
    said = thinking_note(model, level, budget, cap, typed=typed)
    assert (said is None) == (message is None)
    assert not message or message in (said or "")


def test_what_thinking_does_is_noted_at_its_place_before_anything_is_sent(cloud: Cloud) -> None:
    file = cloud.folder.root / "words.sql"
    file.write_text(file.read_text().replace("gemini-3.5-flash-lite", "gemini-3.1-pro-preview"))
    note = "note: words.sql:2:4: thinking is not set: `gemini-3.1-pro-preview` thinks at the level high"
    assert note in cloud.say("compile", "words.sql").err
    assert cloud.server.calls == []
    assert note in cloud.say("run", "words.sql").err
    file.write_text(file.read_text().replace("max_output_tokens", "thinking = 'low', max_output_tokens"))
    assert "thinking" not in cloud.say("compile", "words.sql").err


def test_on_the_local_target_compile_notes_what_the_named_model_would_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "{{ config(model = 'gemini-2.5-pro', thinking = 'low', max_output_tokens = 100) }}\n"
    folder = Folder.made(tmp_path, monkeypatch, {"p.sql": f"{config}SELECT 1 AS key, 'x' AS prompt"})
    said = folder.say("compile", "p.sql")
    assert said.code == 0
    assert said.err == (
        "note: p.sql:1:37: `gemini-2.5-pro` takes thinking in tokens, not a level: thinking = 0 is off, -1 leaves it to the model\n"
        "note: p.sql:1:55: `gemini-2.5-pro` thinks for 128 tokens at least, and max_output_tokens = 100 leaves none for the answer: "
        "thoughts count against it: max_output_tokens = 1024\n"
    )
    whole = config.replace(", thinking = 'low', max_output_tokens = 100", "") + "SELECT 1 AS key, JSON '{}' AS request"
    folder.write("p.sql", whole)
    assert folder.say("compile", "p.sql").err == ""
