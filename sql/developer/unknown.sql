-- One row per result that no exported run waits for and that is not stored just so, the first ones, with how many there are.
--
-- results: the results of an import
-- queues: the queues of the exported runs
-- answers: the answers of every prompt
-- limit: how many are shown
WITH
others AS (
  SELECT line_id, file, number, key, status, response
  FROM {{ results }}
  WHERE reason IS NULL
  {%- for queue in queues %}
    AND key NOT IN (SELECT key FROM {{ queue }})
  {%- endfor %}
)
SELECT file, number, key, COUNT(*) OVER () AS wrong
FROM others
{%- if answers %}
WHERE line_id NOT IN (
  SELECT result.line_id
  FROM others AS result
  JOIN (
    {%- for table in answers %}
    {{ 'UNION ALL' if not loop.first }}
    SELECT request_hash, status, response FROM {{ table }}
    {%- endfor %}
  ) AS stored ON stored.request_hash = result.key
  WHERE IFNULL(stored.status, '') = result.status
    AND TO_JSON_STRING(stored.response) = TO_JSON_STRING(result.response)
)
{%- endif %}
ORDER BY file, number
LIMIT {{ limit }}
