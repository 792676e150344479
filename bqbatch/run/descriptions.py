"""What the columns of a prompt's view are described as, in the warehouse's own catalog."""

from __future__ import annotations

from bqbatch.prompt.output import OutputColumn

VIEW = {
    "_outcome": "ok, truncated, blocked, invalid_json, schema_mismatch, retryable, failed, missing, pending or skipped",
    "_error": "why the outcome is not ok",
    "_text": "the answer as the model wrote it",
    "_finish_reason": "why the model stopped writing",
    "_model": "the model that answered",
    "_run_id": "the run that asked",
    "_request_hash": "SHA-256 of the request and the model: rows that share it share an answer",
    "_input_tokens": "tokens of the request",
    "_output_tokens": "tokens of the answer",
    "_thought_tokens": "tokens of the model's thinking, which are billed as output",
    "_cost_usd": "this row's share of what its answer cost in US dollars; 0 where it was reused",
}
"""The columns that every view has."""


def descriptions(output: tuple[OutputColumn, ...]) -> dict[str, str]:
    """The columns that are described, and how: those of `{% output %}` by their OPTIONS, and the fixed ones."""
    return {column.name: column.description for column in output if column.description} | VIEW
