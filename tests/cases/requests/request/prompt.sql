-- A whole request is sent as it stands.
{{ config(model = 'gemini-3.5-flash-lite') }}
SELECT
  id AS key,
  PARSE_JSON(body, wide_number_mode => 'round') AS request,
  body AS said
FROM (
  SELECT 1 AS id, '{"contents":[{"parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":5,"temperature":0.5}}' AS body
  UNION ALL SELECT 2, NULL
  UNION ALL SELECT 3, '{"contents":[{"parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":6,"temperature":0.5}}'
)
