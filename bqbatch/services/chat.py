"""A GenerateContentRequest as a chat completion of llama.cpp, and what comes of it as Vertex AI would write it."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bqbatch.services.grammar import json_schema
from bqbatch.services.in_process import Outcome

OUTPUT_TOKENS = 256

Chunk = Mapping[str, Any]

# A new line and an indent where the model wants them, as in most JSON it has seen; any white space might not end.
_LAYOUT = {"x-guidance": {"whitespace_pattern": r"\n? {0,2}", "key_separator": ": "}}
_SAMPLING = {"temperature": "temperature", "topP": "top_p", "topK": "top_k", "stopSequences": "stop"}
_ROLES = {"user": "user", "model": "assistant"}
_FINISHED = {"stop": "STOP", "length": "MAX_TOKENS"}


def completion(request: str, key: str, model: str) -> dict[str, Any]:
    """The body of a chat completion, its JSON Schema as `schema`. Raises ValueError where the request is none, or asks for what can't be had."""
    try:
        return _completion(json.loads(request), key, model)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError(f"this is not a GenerateContentRequest: {error!r}") from None


def outcome(chunks: list[Chunk], key: str, model: str) -> Outcome:
    """What the pieces of a completion amount to."""
    last: Chunk = chunks[-1] if chunks else {}
    if error := last.get("error"):
        tokens = f"the prompt has {error.get('n_prompt_tokens')} tokens; {model} reads {error.get('n_ctx')} here"
        return refused(tokens if "n_ctx" in error else str(error.get("message")), int(error.get("code", 500)))
    if "usage" not in last:
        return refused(f"{model} broke off", 500)
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    finished, usage = _FINISHED.get(choices[-1]["finish_reason"], "OTHER"), last["usage"]
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finished}],
        "usageMetadata": {
            "promptTokenCount": usage["prompt_tokens"],
            "candidatesTokenCount": usage["completion_tokens"],
            "totalTokenCount": usage["total_tokens"],
        },
        "modelVersion": model,
        "responseId": key[:16],
        "createTime": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }, ""  # fmt: skip


def refused(message: str, code: int = 400) -> Outcome:
    """The outcome of a request that has no answer."""
    words, status = ("Internal", "INTERNAL") if code >= 500 else ("Bad Request", "INVALID_ARGUMENT")
    return {}, f"{words}: {json.dumps({'error': {'code': code, 'message': message, 'status': status}})}"


def _completion(request: Mapping[str, Any], key: str, model: str) -> dict[str, Any]:
    config = _field(request, "generationConfig") or {}
    for holder, name in ((request, "tools"), (request, "cachedContent"), (config, "responseJsonSchema")):
        if _field(holder, name):
            raise ValueError(f"{model} can't use {name}")
    seed = _field(config, "seed")
    body = {
        "messages": list(_messages(request, model)),
        "max_tokens": int(_field(config, "maxOutputTokens") or OUTPUT_TOKENS),
        "seed": zlib.crc32(key.encode()) if seed is None else int(seed) % 2**32,
        "temperature": 1,
        **{ours: value for theirs, ours in _SAMPLING.items() if (value := _field(config, theirs)) is not None},
    }
    if schema := _field(config, "responseSchema"):
        body["schema"] = json_schema(schema) | _LAYOUT
    elif _field(config, "responseMimeType") == "application/json":
        body["schema"] = {"type": ["object", "array"], **_LAYOUT}
    return body


def _messages(request: Mapping[str, Any], model: str) -> Iterator[dict[str, str]]:
    if system := _field(request, "systemInstruction"):
        yield {"role": "system", "content": _text(system, model)}
    if not request["contents"]:
        raise ValueError("contents is empty")
    for turn in request["contents"]:
        role = turn.get("role") or "user"
        if role not in _ROLES:
            raise ValueError("Please use a valid role: user, model.")
        yield {"role": _ROLES[role], "content": _text(turn, model)}


def _text(content: Mapping[str, Any], model: str) -> str:
    for part in content["parts"]:
        for name, value in part.items():
            if value is not None and name not in ("text", "thought"):
                raise ValueError(f"{model} reads text only; a part has {name}")
    # Half of a surrogate pair is no text to llama.cpp.
    return "".join(part["text"] for part in content["parts"]).encode("utf-8", "replace").decode()


def _field(holder: Mapping[str, Any], name: str) -> Any:
    """A field under its name in JSON or in snake_case: Vertex AI takes both."""
    return holder.get(name, holder.get(re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)))
