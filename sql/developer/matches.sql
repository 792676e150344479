-- One row per result that is to be stored and the run that it answers: of several for a key one, and none that is stored.
--
-- results: the results of an import
-- runs: the runs: of each its id, its queue, the queues of later runs of its prompt, and the prompt's answers
WITH
repeated AS (
  SELECT key
  FROM {{ results }}
  WHERE reason IS NULL
  GROUP BY key
  HAVING COUNT(*) > 1
),
chosen AS (
  SELECT line_id, key
  FROM {{ results }}
  WHERE reason IS NULL AND key NOT IN (SELECT key FROM repeated)
  UNION ALL
  SELECT line_id, key
  FROM (
    SELECT line_id, key, status, TO_JSON_STRING(response) AS said, processed_time
    FROM {{ results }}
    WHERE reason IS NULL AND key IN (SELECT key FROM repeated)
  )
  -- Which one it is depends on what the lines say alone, not on their order.
  QUALIFY ROW_NUMBER() OVER (PARTITION BY key ORDER BY status, said, processed_time, line_id) = 1
)
{%- for run_id, queue, later, answers in runs %}
{{ 'UNION ALL' if not loop.first }}
SELECT {{ run_id | literal }} AS run_id, line_id, key
FROM chosen
WHERE key IN (SELECT key FROM {{ queue }})
{%- for other in later %}
  AND key NOT IN (SELECT key FROM {{ other }})
{%- endfor %}
  AND key NOT IN (
    SELECT stored.request_hash
    FROM {{ answers }} AS stored
    JOIN chosen AS line ON line.key = stored.request_hash
    JOIN {{ results }} AS result ON result.line_id = line.line_id
    WHERE stored.run_id = {{ run_id | literal }}
      AND IFNULL(stored.status, '') = result.status
      AND TO_JSON_STRING(stored.response) = TO_JSON_STRING(result.response)
  )
{%- endfor %}
{%- if not runs %}
SELECT '' AS run_id, line_id, key
FROM chosen
WHERE FALSE
{%- endif %}
