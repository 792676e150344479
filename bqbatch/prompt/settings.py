"""What `config(…)` may say, and the part of a request it makes.

Facts about fields: schemas of GenerateContentRequest, Vertex AI v1, revision 20261106.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from bqbatch.money import MOST_USD

NAME = r"[a-z][a-z0-9_]*"
HARMS = ("harassment", "hate_speech", "sexually_explicit", "dangerous_content")
THRESHOLDS = {
    "off": "OFF",
    "none": "BLOCK_NONE",
    "high": "BLOCK_ONLY_HIGH",
    "medium": "BLOCK_MEDIUM_AND_ABOVE",
    "low": "BLOCK_LOW_AND_ABOVE",
}
"""What is blocked, from nothing at all to whatever is unsafe with a low probability, in the services' words."""
TOOLS = {"google_search": "googleSearch", "url_context": "urlContext", "code_execution": "codeExecution"}
EXTRA = ("generationConfig", "safetySettings", "tools", "toolConfig", "labels", "modelArmorConfig", "outputConfig")
"""Fields of a request that `request_extra` may bring: all but those that have a place of their own in a prompt file."""


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
    max_cost: float | None = None
    safety: str | Mapping[str, str] | None = None
    tools: tuple[str | Mapping[str, Any], ...] | None = None
    labels: Mapping[str, str] | None = None
    request_extra: Mapping[str, Any] | None = None

    @property
    def cap(self) -> Decimal | None:
        """The most that a run may cost, in USD."""
        return None if self.max_cost is None else Decimal(str(self.max_cost))

    def said(self) -> tuple[str, ...]:
        """The names of the settings that were said."""
        return tuple(name for name in SETTINGS if getattr(self, name) is not None)

    def request_fields(self) -> dict[str, Any]:
        """The fields of a request beside its contents, without the output cap and the labels, which shape no answer."""
        made: dict[str, Any] = {"generationConfig": self.generation_config()}
        if self.safety is not None:
            levels = dict.fromkeys(HARMS, self.safety) if isinstance(self.safety, str) else self.safety
            made["safetySettings"] = [
                {"category": f"HARM_CATEGORY_{harm.upper()}", "threshold": THRESHOLDS[level]}
                for harm, level in levels.items()
            ]
        if self.tools:
            made["tools"] = [{TOOLS[tool]: {}} if isinstance(tool, str) else dict(tool) for tool in self.tools]
        return made

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

    @property
    def thinks(self) -> tuple[str | None, int | None]:
        """The level and the budget of thinking in a request, in whichever way they are said."""
        said: dict[str, Any] = {}
        for config in (self.generation_config(), (self.request_extra or {}).get("generationConfig", {})):
            thinking = config.get("thinkingConfig", {}) if isinstance(config, Mapping) else {}
            said |= thinking if isinstance(thinking, Mapping) else {}
        level, budget = said.get("thinkingLevel"), said.get("thinkingBudget")
        return str(level).lower() if level is not None else None, budget if isinstance(budget, int) else None


SETTINGS = tuple(field.name for field in fields(Settings))


def problem_with(name: str, value: object) -> tuple[str, str] | None:
    """What is wrong with one setting as (message, hint), or None."""
    if name not in SETTINGS:
        near = difflib.get_close_matches(name, SETTINGS, n=1)
        return f"unknown setting `{name}`", (
            f"did you mean `{near[0]}`?" if near else f"known settings: {', '.join(SETTINGS)}"
        )
    good, wanted = _ACCEPTS[name]
    if value is None or good(value):
        return None
    return (
        f"config({name}={repr(value) if isinstance(value, float) or _is_json(value) else '…'}) can't be used",
        f"{name} takes {wanted}",
    )


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two JSON objects as one: objects are merged field by field, of anything else `above` wins."""
    made = dict(below)
    for name, value in above.items():
        both = isinstance(value, Mapping) and isinstance(made.get(name), Mapping)
        made[name] = merged(made[name], value) if both else value
    return made


def _whole(low: int, high: float = math.inf) -> Any:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _real(low: float, high: float) -> Any:
    return lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and low <= v <= high


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _is_safety(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(harm in HARMS and level in THRESHOLDS for harm, level in value.items())
    return isinstance(value, str) and value in THRESHOLDS


def _is_tools(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(
        tool in TOOLS if isinstance(tool, str) else isinstance(tool, Mapping) and len(tool) == 1 and _is_json(tool)
        for tool in value
    )


def _is_labels(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(text, str) and re.fullmatch(pattern, text)
        for pair in value.items()
        for text, pattern in zip(pair, (r"[a-z][a-z0-9_-]{0,62}", r"[a-z0-9_-]{0,63}"), strict=True)
    )


def _is_extra(value: object) -> bool:
    return isinstance(value, Mapping) and _is_json(value) and all(name in EXTRA for name in value)


_LEVELS = ("minimal", "low", "medium", "high")
_ACCEPTS: dict[str, tuple[Any, str]] = {
    "name": (lambda v: isinstance(v, str), "a text"),
    "model": (lambda v: isinstance(v, str) and v.strip() != "", "a model's name"),
    "temperature": (_real(0, 2), "a number from 0 to 2"),
    "top_p": (_real(0, 1), "a number from 0 to 1"),
    "seed": (_whole(-(2**31), 2**31 - 1), "a whole number of 32 bits"),
    "max_output_tokens": (_whole(1, 2**31 - 1), "a whole number of tokens, 1 or more"),
    "thinking": (
        lambda v: v in _LEVELS if isinstance(v, str) else _whole(-1, 2**31 - 1)(v),
        f"a level ({', '.join(_LEVELS)}; Gemini 3 and later) or a budget in tokens (0 is off, -1 dynamic; Gemini 2.5)",
    ),
    "max_attempts": (_whole(1, 100), "a whole number from 1 to 100"),
    "max_cost": (
        lambda v: _real(0, MOST_USD)(v) and v > 0 and Decimal(str(v)) == round(Decimal(str(v)), 6),
        "USD above 0, six decimals at most, such as 25 or 0.50",
    ),
    "safety": (_is_safety, f"what to block ({', '.join(THRESHOLDS)}), or that by harm ({', '.join(HARMS)})"),
    "tools": (_is_tools, f"a list of {', '.join(TOOLS)}, or of a tool as Gemini's JSON has it, {{'name': {{…}}}}"),
    "labels": (_is_labels, "names and values in lower case, digits, _ and -, up to 63 characters each"),
    "request_extra": (
        _is_extra,
        f"JSON of a request's fields {', '.join(EXTRA)}; a prompt file has blocks and columns for the others",
    ),
}
