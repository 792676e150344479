-- One row per request of a job that has its outcome and was not collected before: the rows to append to `__answers`.
--
-- requests: the job's request table
-- responses: the job's response table
-- answers: the prompt's answers so far
-- run_id: the run that asked
-- job: the job's name, shared by its tables
-- output: the output columns; none for plain text
-- model: the model that answers, where a response does not say
-- complete: whether the job is over, so that a request without a row is missing
-- price: USD per million tokens of input, of output and of cached input, each or nothing; its tiers, the highest first
{% from 'macros/output.sql' import looked_at, violation -%}
{% from 'macros/cost.sql' import in_force -%}
WITH
-- A service may bring a row twice; one of them counts. One without a key belongs to no request.
repeated AS (
  SELECT key
  FROM {{ responses }}
  WHERE key IS NOT NULL
  GROUP BY key
  HAVING COUNT(*) > 1
),
returned AS (
  SELECT key, response, status, processed_time
  FROM {{ responses }}
  WHERE key NOT IN (SELECT key FROM repeated)
  UNION ALL
  SELECT key, response, status, processed_time
  FROM {{ responses }}
  WHERE key IN (SELECT key FROM repeated)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY key ORDER BY IFNULL(status, ''), processed_time DESC, JSON_VALUE(response, '$.responseId')) = 1
),
-- The requests join here, not in the end: whatever is made of a response would have to be kept for a join.
fields AS (
  SELECT
    returned.key AS key,
    request,
    response,
    processed_time,
    IFNULL(status, '') AS status,
    JSON_VALUE(response, '$.candidates[0].finishReason') AS finish_reason,
    JSON_VALUE(response, '$.candidates[0].content.parts[0].text') AS first_text,
    JSON_VALUE(response, '$.candidates[0].content.parts[0].thought') AS first_thought,
    JSON_TYPE(JSON_QUERY(response, '$.candidates[0].content.parts[1]')) AS second_part,
    JSON_TYPE(JSON_QUERY(response, '$.candidates[0]')) AS candidate,
    JSON_VALUE(response, '$.promptFeedback.blockReason') AS block_reason,
    JSON_VALUE(response, '$.modelVersion') AS model_version,
    JSON_VALUE(response, '$.usageMetadata.promptTokenCount') AS input_tokens,
    JSON_VALUE(response, '$.usageMetadata.candidatesTokenCount') AS output_tokens,
    JSON_VALUE(response, '$.usageMetadata.thoughtsTokenCount') AS thought_tokens,
    JSON_VALUE(response, '$.usageMetadata.cachedContentTokenCount') AS cached_tokens
  FROM returned
  JOIN (SELECT key, request FROM {{ requests }}) AS requests ON requests.key = returned.key
  WHERE returned.key NOT IN (SELECT request_hash FROM {{ answers }} WHERE job = {{ job | literal }})
),
-- The text is all parts but thoughts. One part is the rule and is read by its path; only the rest is unnested.
texts AS (
  SELECT
    *,
    IF(
      second_part IS NULL AND IFNULL(first_thought, 'false') != 'true',
      first_text,
      (
        SELECT STRING_AGG(JSON_VALUE(part, '$.text'), '' ORDER BY position)
        FROM UNNEST(JSON_QUERY_ARRAY(response, '$.candidates[0].content.parts')) AS part WITH OFFSET AS position
        WHERE IFNULL(JSON_VALUE(part, '$.thought'), 'false') != 'true'
      )
    ) AS text
  FROM fields
),
parsed AS (
  SELECT
    *,
    SAFE_CAST(REGEXP_EXTRACT(IF(status = '', NULL, status), r'"code": *([0-9]{3})') AS INT64) AS code,
    {%+ if output -%}
    SAFE.PARSE_JSON(
      IF(STRPOS(text, '```') > 0, REGEXP_REPLACE(text, r'^\s*```(?:json|JSON)?\s*|\s*```\s*$', ''), text),
      wide_number_mode => 'round'
    ) AS answer
    {%- else -%}
    CAST(NULL AS JSON) AS answer
    {%- endif %}
  FROM texts
),
{%- if output %}
looked AS (
  SELECT
    *,
    {{ looked_at(output, 'answer') }}
  FROM parsed
),
{%- endif %}
judged AS (
  SELECT
    *,
    CASE
      WHEN status != '' THEN
        CASE
          WHEN code = 429 OR code >= 500 OR STRPOS(status, 'Service agents are being provisioned') > 0 THEN 'retryable'
          WHEN code IS NULL AND REGEXP_CONTAINS(status, r'RESOURCE_EXHAUSTED|UNAVAILABLE|INTERNAL|DEADLINE_EXCEEDED') THEN 'retryable'
          ELSE 'failed'
        END
      WHEN block_reason NOT IN ('BLOCKED_REASON_UNSPECIFIED', 'BLOCK_REASON_UNSPECIFIED') THEN 'blocked'
      WHEN IFNULL(candidate, 'null') != 'object' THEN 'retryable'
      WHEN finish_reason = 'MAX_TOKENS' THEN 'truncated'
      WHEN REGEXP_CONTAINS(finish_reason, r'SAFETY|PROHIBITED|RECITATION|BLOCKLIST|SPII|MODEL_ARMOR') THEN 'blocked'
      WHEN finish_reason NOT IN ('STOP', 'FINISH_REASON_UNSPECIFIED') THEN 'failed'
      {%- if output %}
      WHEN answer IS NULL THEN 'invalid_json'
      {%- else %}
      WHEN IFNULL(text, '') = '' THEN 'failed'
      {%- endif %}
      ELSE 'ok'
    END AS first_outcome,
    {{ violation(output, 'answer') if output else 'CAST(NULL AS STRING)' }} AS violation
  FROM {{ 'looked' if output else 'parsed' }}
),
earlier AS (
  SELECT request_hash, MAX(attempt) AS attempts
  FROM {{ answers }}
  GROUP BY request_hash
)
SELECT
  judged.key AS request_hash,
  request,
  response,
  answer,
  text,
  status,
  IF(first_outcome = 'ok' AND violation IS NOT NULL, 'schema_mismatch', first_outcome) AS outcome,
  CASE first_outcome
    WHEN 'ok' THEN violation
    WHEN 'truncated' THEN CONCAT(
      IF(
        SAFE_CAST(thought_tokens AS INT64) > IFNULL(SAFE_CAST(output_tokens AS INT64), 0),
        'thoughts took most of the output cap; set a lower `thinking`, or a larger max_output_tokens (',
        'the answer reached the output cap ('
      ),
      IFNULL(output_tokens, '0'), ' answer and ', IFNULL(thought_tokens, '0'), ' thought tokens)'
    )
    WHEN 'blocked' THEN CONCAT('blocked: ', COALESCE(block_reason, finish_reason))
    WHEN 'invalid_json' THEN IF(IFNULL(text, '') = '', 'the answer has no text', 'the answer is not JSON')
    ELSE COALESCE(NULLIF(status, ''), CONCAT('finished with ', finish_reason, IF(IFNULL(text, '') = '', ' and no text', '')), 'the service answered nothing')
  END AS error,
  {{ run_id | literal }} AS run_id,
  {{ job | literal }} AS job,
  1 + IFNULL(earlier.attempts, 0) AS attempt,
  IFNULL(model_version, {{ model | literal }}) AS model,
  SAFE_CAST(input_tokens AS INT64) AS input_tokens,
  SAFE_CAST(output_tokens AS INT64) AS output_tokens,
  SAFE_CAST(thought_tokens AS INT64) AS thought_tokens,
  SAFE_CAST(cached_tokens AS INT64) AS cached_tokens,
  {{ in_force(price, 'input', 'SAFE_CAST(input_tokens AS INT64)') }} AS input_price,
  {{ in_force(price, 'output', 'SAFE_CAST(input_tokens AS INT64)') }} AS output_price,
  processed_time,
  {{ in_force(price, 'cached', 'SAFE_CAST(input_tokens AS INT64)') }} AS cached_price
FROM judged
LEFT JOIN earlier ON earlier.request_hash = judged.key
{%- if complete %}
UNION ALL
SELECT
  requests.key,
  requests.request,
  NULL,
  NULL,
  NULL,
  '',
  'missing',
  'asked, but no row came back',
  {{ run_id | literal }},
  {{ job | literal }},
  1 + IFNULL(earlier.attempts, 0),
  {{ model | literal }},
  NULL,
  NULL,
  NULL,
  NULL,
  {{ in_force(price, 'input') }},
  {{ in_force(price, 'output') }},
  CURRENT_TIMESTAMP(),
  {{ in_force(price, 'cached') }}
FROM {{ requests }} AS requests
LEFT JOIN (
  SELECT request_hash, MAX(attempt) AS attempts
  FROM {{ answers }}
  GROUP BY request_hash
) AS earlier ON earlier.request_hash = requests.key
WHERE requests.key NOT IN (SELECT key FROM {{ responses }} WHERE key IS NOT NULL)
  AND requests.key NOT IN (SELECT request_hash FROM {{ answers }} WHERE job = {{ job | literal }})
{%- endif %}
