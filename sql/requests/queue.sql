-- One row per distinct request that a run will ask: its key, which is its hash, the request, its tokens, and its position.
--
-- rows: the run's working rows
-- answers: the prompt's answers so far
-- form: what a row asks, as prompt, parts, contents or request
-- envelope: what is the same in every request
-- has_system: whether rows bring a system text of their own
-- max_attempts: how often a request without an answer is asked
-- full_refresh: whether everything is asked again
-- retry: outcomes that are asked again too, beside what any run asks
-- limit: the most requests to ask, the first by key; 0 for all
-- ranked: whether requests have a position, from 1, of which shards are stretches
-- most: the most tokens of an answer whose request sets no cap
{% from 'macros/request.sql' import request_text -%}
{% from 'macros/answered.sql' import settled -%}
{% from 'macros/tokens.sql' import input_tokens, most_output_tokens, text_tokens -%}
{% set text -%}
{{ request_text(form, 'prompt', 'system' if has_system, envelope, envelope.closing_sent) }}
{%- endset -%}
WITH
asked AS (
  SELECT
    request_hash,
    ANY_VALUE(bqb_prompt) AS prompt,
    {%+ if has_system -%}
    {{ 'IFNULL(ANY_VALUE(bqb_system), ' ~ (envelope.system | literal) ~ ')' if envelope.system else 'ANY_VALUE(bqb_system)' }} AS system,
    {%+ endif -%}
    MIN(key) AS first_key
  FROM {{ rows }}
  WHERE request_hash IS NOT NULL
  {%- if not full_refresh %}
    AND request_hash NOT IN (
    {{ settled(answers, max_attempts, retry) }}
    )
  {%- endif %}
  GROUP BY request_hash
  {%- if limit %}
  ORDER BY first_key, request_hash
  LIMIT {{ limit }}
  {%- endif %}
)
{%- if ranked %},
-- Positions follow the hashes. Only one bucket is ever sorted together: no machine has to hold all.
buckets AS (
  SELECT bucket, SUM(requests) OVER (ORDER BY bucket) - requests AS before
  FROM (
    SELECT SUBSTR(request_hash, 1, 3) AS bucket, COUNT(*) AS requests
    FROM asked
    GROUP BY bucket
  )
)
{%- endif %}
{%- if form == 'prompt' %},
-- What all requests have in common is counted once.
empty AS (
  SELECT '' AS key, PARSE_JSON({{ request_text(form, "''", "''" if has_system, envelope, envelope.closing_sent) }}, wide_number_mode => 'round') AS request
),
common AS (
  SELECT counted.input_tokens, {{ most_output_tokens('empty.request', most) }} AS most_output_tokens
  FROM empty
  JOIN (
    {{ input_tokens('empty') }}
  ) AS counted ON counted.key = empty.key
)
{%- endif %},
made AS (
  SELECT
    asked.request_hash AS key,
    PARSE_JSON({{ text }}, wide_number_mode => 'round') AS request
    {%- if form == 'prompt' %},
    common.input_tokens + {{ text_tokens('prompt') }}{% if has_system %} + IFNULL({{ text_tokens('system') }}, 0){% endif %} AS input_tokens,
    common.most_output_tokens
    {%- endif %}
    {%- if ranked %},
    buckets.before + ROW_NUMBER() OVER (PARTITION BY buckets.bucket ORDER BY asked.request_hash) AS position
    {%- endif %}
  FROM asked
  {%- if form == 'prompt' %}
  CROSS JOIN common
  {%- endif %}
  {%- if ranked %}
  JOIN buckets ON buckets.bucket = SUBSTR(asked.request_hash, 1, 3)
  {%- endif %}
)
{%+ if form == 'prompt' -%}
SELECT *
FROM made
{%+ else -%}
SELECT made.*, counted.input_tokens, {{ most_output_tokens('made.request', most) }} AS most_output_tokens
FROM made
JOIN (
  {{ input_tokens('made') }}
) AS counted ON counted.key = made.key
{%+ endif -%}
