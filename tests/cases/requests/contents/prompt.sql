-- Several turns, as JSON; the settings and the system text are put around them.
{{ config(temperature = 0, max_output_tokens = 9) }}
{% system %}Be brief.{% endsystem %}
SELECT
  id AS key,
  PARSE_JSON(turns, wide_number_mode => 'round') AS contents
FROM (
  SELECT 1 AS id, '[{"parts":[{"text":"Hi, \\"you\\""}],"role":"user"},{"parts":[{"text":"Hello."}],"role":"model"},{"parts":[{"text":"Who?"}],"role":"user"}]' AS turns
  UNION ALL SELECT 2, NULL
  UNION ALL SELECT 3, 'null'
)
