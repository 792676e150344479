-- One row per row of the prompt's SELECT, with the hash of the request it makes; NULL where its prompt is NULL.
--
-- select: the user's SELECT, verbatim
-- asked: those of prompt, system, sample and bqb_null_column that it has
-- envelope: what is the same in every request
-- model: the model that answers, part of the hash
{% from 'macros/request.sql' import request_text, request_hash -%}
{% set system = 'system' if 'system' in asked -%}
{% set sample = 'sample' if 'sample' in asked -%}
SELECT
  * EXCEPT ({{ asked | join(', ') }}),
  IF(prompt IS NULL, NULL, {{ request_hash(request_text('prompt', system, envelope, envelope.closing), model, sample) }}) AS request_hash,
  prompt AS bqb_prompt,
  {{ system or 'CAST(NULL AS STRING)' }} AS bqb_system,
  {{ 'bqb_null_column' if 'bqb_null_column' in asked else "IF(prompt IS NULL, 'prompt', NULL)" }} AS bqb_null_column
FROM (
{{ select }}
)
