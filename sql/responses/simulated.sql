-- One row per response that a made-up model gives to a request table: the same for a request and attempt, always.
--
-- requests: the job's request table
-- answers: the prompt's answers so far, which tell the attempt
-- output: the output columns; none for plain text
-- faults: name and share of each fault, in order
-- late: whether the rows that come late are meant, or the others
{% from 'macros/output.sql' import made, draw -%}
WITH
earlier AS (
  SELECT request_hash, COUNT(*) AS attempts
  FROM {{ answers }}
  GROUP BY request_hash
),
drawn AS (
  SELECT
    requests.key AS key,
    IFNULL(LENGTH(JSON_VALUE(requests.request, '$.contents[0].parts[0].text')), 0) AS characters,
    {%+ if faults -%}
    TO_HEX(SHA256(CONCAT(requests.key, ' ', CAST(1 + IFNULL(earlier.attempts, 0) AS STRING)))) AS dice,
    {%+ endif -%}
    {{ made(output, 'requests.key') if output else "CONCAT('A simulated answer, number ', SUBSTR(requests.key, 1, 8), '.')" }} AS text
  FROM {{ requests }} AS requests
  {%- if faults %}
  LEFT JOIN earlier ON earlier.request_hash = requests.key
  {%- endif %}
),
faulty AS (
  SELECT
    key,
    characters,
    text,
    {%+ if faults -%}
    CASE
      {%- set ns = namespace(sum=0) %}
      {%- for name, share in faults %}
      {%- set ns.sum = ns.sum + share %}
      WHEN {{ draw('dice', 0) }} * 4096 + {{ draw('dice', 3) }} < {{ (ns.sum * 16777216) | round_up }} THEN {{ name | literal }}
      {%- endfor %}
      ELSE ''
    END
    {%- else -%}
    ''
    {%- endif %} AS fault
  FROM drawn
),
told AS (
  SELECT
    key,
    fault,
    DIV(characters + 3, 4) AS input_tokens,
    CASE fault
      WHEN 'truncated' THEN SUBSTR(text, 1, DIV(LENGTH(text), 2))
      WHEN 'bad_json' THEN CONCAT('Sure! ', SUBSTR(text, 1, LENGTH(text) - 1))
      WHEN 'schema' THEN '[]'
      ELSE text
    END AS text
  FROM faulty
  WHERE fault != 'missing' AND {{ "fault = 'late'" if late else "fault != 'late'" }}
)
SELECT
  key,
  PARSE_JSON(
    CASE
      WHEN fault IN ('429', '400', '500', '503') THEN '{}'
      WHEN fault = 'blocked' THEN CONCAT(
        '{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": ', TO_JSON_STRING(input_tokens),
        ', "totalTokenCount": ', TO_JSON_STRING(input_tokens),
        '}, "modelVersion": "simulated", "responseId": ', TO_JSON_STRING(SUBSTR(key, 1, 16)), '}'
      )
      ELSE CONCAT(
        '{"candidates": [{"content": {"role": "model", "parts": [{"text": ', TO_JSON_STRING(text),
        '}]}, "finishReason": ', IF(fault = 'truncated', '"MAX_TOKENS"', '"STOP"'),
        '}], "usageMetadata": {"promptTokenCount": ', TO_JSON_STRING(input_tokens),
        ', "candidatesTokenCount": ', TO_JSON_STRING(DIV(LENGTH(text) + 3, 4)),
        ', "totalTokenCount": ', TO_JSON_STRING(input_tokens + DIV(LENGTH(text) + 3, 4)),
        '}, "modelVersion": "simulated", "responseId": ', TO_JSON_STRING(SUBSTR(key, 1, 16)), '}'
      )
    END,
    wide_number_mode => 'round'
  ) AS response,
  CASE fault
    WHEN '429' THEN 'RESOURCE_EXHAUSTED error occurred: {"error": {"code": 429, "message": "Resource exhausted. Please try again later.", "status": "RESOURCE_EXHAUSTED"}}'
    WHEN '400' THEN 'Bad Request: {"error": {"code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT"}}'
    WHEN '500' THEN 'Internal: {"error": {"code": 500, "message": "An internal error has occurred.", "status": "INTERNAL"}}'
    WHEN '503' THEN 'Unavailable: {"error": {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}}'
    ELSE ''
  END AS status,
  CURRENT_TIMESTAMP() AS processed_time
FROM told
{%- if 'duplicate' in faults | map('first') %}
CROSS JOIN UNNEST(IF(fault = 'duplicate', [1, 2], [1])) AS copy
{%- endif %}
