-- One row per request that is refused: a line of JSON with its key and why, and the character that ends it.
--
-- lines: the query for the lines
-- limit: the most rows, the first by key; 0 for all
SELECT CONCAT('{"key":', TO_JSON_STRING(key), ',"refused":', TO_JSON_STRING(refused), '}\n') AS line
FROM (
{{ lines }}
)
WHERE refused IS NOT NULL
{%- if limit %}
ORDER BY key
LIMIT {{ limit }}
{%- endif %}
