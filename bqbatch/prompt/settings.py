"""What `config(…)` may say, and the part of a request it makes.

Facts about fields: schemas of GenerateContentRequest, Vertex AI v1, revision 20261106.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, fields
from typing import Any

NAME = r"[a-z][a-z0-9_]*"
LATER = {"safety", "tools", "labels", "request_extra"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one prompt; None means «not said»."""

    name: str | None = None
    model: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_output_tokens: int | None = None
    thinking: str | int | None = None
    max_attempts: int | None = None

    def generation_config(self) -> dict[str, Any]:
        """The settings that shape an answer, as `generationConfig` names them; the output cap is not among them."""
        config: dict[str, Any] = {}
        if self.temperature is not None:
            config["temperature"] = self.temperature
        if self.top_p is not None:
            config["topP"] = self.top_p
        if self.seed is not None:
            config["seed"] = self.seed
        if isinstance(self.thinking, str):
            config["thinkingConfig"] = {"thinkingLevel": self.thinking.upper()}
        elif self.thinking is not None:
            config["thinkingConfig"] = {"thinkingBudget": self.thinking}
        return config


SETTINGS = tuple(field.name for field in fields(Settings))


def problem_with(name: str, value: object) -> tuple[str, str] | None:
    """What is wrong with one setting as (message, hint), or None."""
    if name in LATER:
        return f"config({name}=…) is not in this version of bqbatch", f"known settings: {', '.join(SETTINGS)}"
    if name not in SETTINGS:
        near = difflib.get_close_matches(name, SETTINGS, n=1)
        return f"unknown setting `{name}`", (
            f"did you mean `{near[0]}`?" if near else f"known settings: {', '.join(SETTINGS)}"
        )
    good, wanted = _ACCEPTS[name]
    if value is None or good(value):
        return None
    return f"config({name}={value!r}) can't be used", f"{name} takes {wanted}"


def _whole(low: int, high: float = math.inf) -> Any:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _real(low: float, high: float) -> Any:
    return lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and low <= v <= high


_LEVELS = ("minimal", "low", "medium", "high")
_ACCEPTS: dict[str, tuple[Any, str]] = {
    "name": (lambda v: isinstance(v, str), "a text"),
    "model": (lambda v: isinstance(v, str) and v.strip() != "", "a model's name"),
    "temperature": (_real(0, 2), "a number from 0 to 2"),
    "top_p": (_real(0, 1), "a number from 0 to 1"),
    "seed": (_whole(-(2**31), 2**31 - 1), "a whole number of 32 bits"),
    "max_output_tokens": (_whole(1, 2**31 - 1), "a whole number of tokens, 1 or more"),
    "thinking": (
        lambda v: v in _LEVELS if isinstance(v, str) else _whole(-1)(v),
        f"a level ({', '.join(_LEVELS)}; Gemini 3 and later) or a budget in tokens (0 is off, -1 dynamic; Gemini 2.5)",
    ),
    "max_attempts": (_whole(1, 100), "a whole number from 1 to 100"),
}
