-- One row per row of the prompt's SELECT, with the hash of the request it makes; NULL where it asks nothing.
--
-- select: the user's SELECT, verbatim
-- asked: those of its columns that make the request
-- form: which of them says what is asked: prompt, parts, contents or request
-- envelope: what is the same in every request
-- model: the model that answers, part of the hash
{% from 'macros/request.sql' import asked_text, request_text, request_hash -%}
{% set said = 'prompt' if form == 'prompt' else 'bqb_prompt' -%}
{% set system = 'system' if 'system' in asked -%}
{% set sample = 'sample' if 'sample' in asked -%}
SELECT
  * EXCEPT ({{ asked | join(', ') }}{{ ', bqb_prompt' if form != 'prompt' }}),
  IF({{ said }} IS NULL, NULL, {{ request_hash(request_text(form, said, system, envelope, envelope.closing), model, sample) }}) AS request_hash,
  {{ said }} AS bqb_prompt,
  {{ system or 'CAST(NULL AS STRING)' }} AS bqb_system,
  {{ 'bqb_null_column' if 'bqb_null_column' in asked else 'IF(' ~ said ~ ' IS NULL, ' ~ (form | literal) ~ ', NULL)' }} AS bqb_null_column
FROM (
{%+ if form == 'prompt' -%}
{{ select }}
{%+ else -%}
SELECT *, {{ asked_text(form) }} AS bqb_prompt
FROM (
{{ select }}
)
{%+ endif -%}
)
