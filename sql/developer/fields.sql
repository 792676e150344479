-- One row per name of a field that a rule is about and that some request has, wherever in it.
--
-- requests: the requests, in Vertex AI's form
-- rules: the rules
SELECT DISTINCT field
FROM {{ requests }}
CROSS JOIN UNNEST(REGEXP_EXTRACT_ALL(TO_JSON_STRING(request), {{ ('"(' ~ rules.names | join('|') | replace('$', '\\$') ~ ')":') | literal }})) AS field
ORDER BY field
