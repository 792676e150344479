-- One row per distinct request that a run will ask: its key, which is its hash, the request, and the shard it is in.
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
-- shard_size: the most requests of a shard; nothing where the service takes them all at once
{% from 'macros/request.sql' import request_text -%}
{% from 'macros/answered.sql' import settled -%}
WITH
asked AS (
  SELECT
    request_hash,
    ANY_VALUE(bqb_prompt) AS prompt,
    {%+ if has_system -%}
    ANY_VALUE(bqb_system) AS system,
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
{%- if shard_size %},
-- Shards are filled in the order of the hashes. Only one bucket is ever sorted together: no machine has to hold all.
buckets AS (
  SELECT bucket, SUM(requests) OVER (ORDER BY bucket) - requests AS before
  FROM (
    SELECT SUBSTR(request_hash, 1, 3) AS bucket, COUNT(*) AS requests
    FROM asked
    GROUP BY bucket
  )
)
{%- endif %}
SELECT
  request_hash AS key,
  PARSE_JSON({{ request_text(form, 'prompt', 'system' if has_system, envelope, envelope.closing_sent) }}, wide_number_mode => 'round') AS request
  {%- if shard_size %},
  1 + DIV(buckets.before + ROW_NUMBER() OVER (PARTITION BY buckets.bucket ORDER BY request_hash) - 1, {{ shard_size }}) AS shard
FROM asked
JOIN buckets ON buckets.bucket = SUBSTR(request_hash, 1, 3)
  {%- else %}
FROM asked
  {%- endif %}
