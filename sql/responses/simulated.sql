-- One row per response that a made-up model gives to a request table: the same for a request and attempt, always.
--
-- requests: the job's request table
-- answers: the prompt's answers so far, which tell the attempt
-- output: the output columns; none for plain text
-- faults: name and share of each fault, in order
-- late: whether the rows that come late are meant, or the others
-- queue: in a rehearsal all that the run asks, with its tokens: answers are then as long as a model's; else nothing
-- text_likely: tokens of a plain text in a rehearsal
-- thoughts_likely: tokens of thinking in a rehearsal
-- thoughts_most: the most of them, or nothing
{% from 'macros/output.sql' import made, draw -%}
{% from 'macros/tokens.sql' import text_tokens -%}
{#- A length with a long tail, the same for a key always: four times the mean at the most. `lot` is from 0 to 4095. -#}
{% macro lasting(mean, lot) %}DIV({{ 4 * mean }} * {{ lot }} * {{ lot }} * {{ lot }}, 68719476736){% endmacro -%}
{% set sentence = "CONCAT('A simulated answer, number ', SUBSTR(requests.key, 1, 8), '.')" -%}
{% set output_tokens = 'output_tokens' if queue else 'DIV(LENGTH(text) + 3, 4)' -%}
WITH
earlier AS (
  SELECT request_hash, COUNT(*) AS attempts
  FROM {{ answers }}
  GROUP BY request_hash
),
drawn AS (
  SELECT
    requests.key AS key,
    {%+ if queue -%}
    queued.input_tokens,
    queued.most_output_tokens,
    {{ draw('requests.key', 7) }} AS lot,
    {%+ else -%}
    IFNULL(LENGTH(JSON_VALUE(requests.request, '$.contents[0].parts[0].text')), 0) AS characters,
    {%+ endif -%}
    {%+ if faults -%}
    TO_HEX(SHA256(CONCAT(requests.key, ' ', CAST(1 + IFNULL(earlier.attempts, 0) AS STRING)))) AS dice,
    {%+ endif -%}
    {{ made(output, 'requests.key') if output else sentence }} AS text
  FROM {{ requests }} AS requests
  {%- if queue %}
  JOIN (SELECT key, input_tokens, most_output_tokens FROM {{ queue }}) AS queued ON queued.key = requests.key
  {%- endif %}
  {%- if faults %}
  LEFT JOIN earlier ON earlier.request_hash = requests.key
  {%- endif %}
),
faulty AS (
  SELECT
    key,
    {%+ if queue -%}
    input_tokens,
    most_output_tokens,
    lot,
    {{ 'text' if output else 'REPEAT(CONCAT(text, \' \'), 1 + DIV(' ~ lasting(text_likely, 'lot') ~ ', 16))' }} AS text,
    {%+ else -%}
    characters,
    text,
    {%+ endif -%}
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
    {{ 'input_tokens, most_output_tokens, lot' if queue else 'DIV(characters + 3, 4) AS input_tokens' }},
    CASE fault
      WHEN 'truncated' THEN SUBSTR(text, 1, DIV(LENGTH(text), 2))
      WHEN 'bad_json' THEN CONCAT('Sure! ', SUBSTR(text, 1, LENGTH(text) - 1))
      WHEN 'schema' THEN '[]'
      ELSE text
    END AS text
  FROM faulty
  WHERE fault != 'missing' AND {{ "fault = 'late'" if late else "fault != 'late'" }}
)
{%- if queue %},
-- Thoughts count against the output cap, and what reaches it is cut there.
counted AS (
  SELECT *, fault = 'truncated' OR thoughts + tokens > most_output_tokens AS is_cut
  FROM (
    SELECT
      *,
      {{ text_tokens('text') }} AS tokens,
      LEAST(most_output_tokens, {{ lasting(thoughts_likely, 'MOD(lot * 2731, 4096)') }}{{ ', ' ~ thoughts_most if thoughts_most is not none }}) AS thoughts
    FROM told
  )
),
spent AS (
  SELECT
    key,
    fault,
    input_tokens,
    thoughts,
    is_cut,
    IF(is_cut, most_output_tokens - thoughts, tokens) AS output_tokens,
    IF(is_cut, SUBSTR(text, 1, DIV(LENGTH(text) * (most_output_tokens - thoughts), GREATEST(1, tokens))), text) AS text
  FROM counted
)
{%- endif %}
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
        '}]}, "finishReason": ', IF({{ 'is_cut' if queue else "fault = 'truncated'" }}, '"MAX_TOKENS"', '"STOP"'),
        '}], "usageMetadata": {"promptTokenCount": ', TO_JSON_STRING(input_tokens),
        ', "candidatesTokenCount": ', TO_JSON_STRING({{ output_tokens }}),
        {%+ if queue -%}
        ', "thoughtsTokenCount": ', TO_JSON_STRING(thoughts),
        {%+ endif -%}
        ', "totalTokenCount": ', TO_JSON_STRING(input_tokens + {{ output_tokens }}{{ ' + thoughts' if queue }}),
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
FROM {{ 'spent' if queue else 'told' }}
{%- if 'duplicate' in faults | map('first') %}
CROSS JOIN UNNEST(IF(fault = 'duplicate', [1, 2], [1])) AS copy
{%- endif %}
