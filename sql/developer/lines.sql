-- One row per request: the line of a JSONL file that the Developer API takes, or why it can't take the request.
--
-- requests: the requests, in Vertex AI's form
-- rules: the rules that may hold for one of them
{% from 'macros/developer.sql' import refusal, written -%}
SELECT
  key,
  {%+ if rules.refusing -%}
  IF(refused IS NULL, CONCAT('{"key":', TO_JSON_STRING(key), ',"request":', request, '}'), NULL) AS line,
  {%+ else -%}
  CONCAT('{"key":', TO_JSON_STRING(key), ',"request":', request, '}') AS line,
  {%+ endif -%}
  refused
FROM (
  SELECT
    asked.key,
    {{ written(rules.root, 'asked.request', 'asked.text') if rules.changing else 'asked.text' }} AS request,
    {{ refusal(rules, 'asked.request', 'asked.text') if rules.refusing else 'CAST(NULL AS STRING)' }} AS refused
  FROM (
    SELECT key, request, TO_JSON_STRING(request) AS text
    FROM {{ requests }}
  ) AS asked
)
