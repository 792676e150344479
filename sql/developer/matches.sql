-- One row per result that is to be stored now and the run that it answers: of several for a key one, and none that is stored.
--
-- results: the results of an import
-- runs: the runs: of each its id, its queue, the queues of later runs of its prompt, and the prompt's answers
-- turn: how often this was asked in this import, from 1: what is stored by then gives way to further answers
WITH
repeated AS (
  SELECT key
  FROM {{ results }}
  WHERE reason IS NULL
  GROUP BY key
  HAVING COUNT(*) > 1
),
waiting AS (
  {%- for run_id, queue, later, answers in runs %}
  {{ 'UNION ALL' if not loop.first }}
  SELECT {{ run_id | literal }} AS run_id, line_id, key
  FROM {{ results }}
  WHERE reason IS NULL
    AND key IN (SELECT key FROM {{ queue }})
  {%- for other in later %}
    AND key NOT IN (SELECT key FROM {{ other }})
  {%- endfor %}
    AND line_id NOT IN (
      SELECT result.line_id
      FROM {{ answers }} AS stored
      JOIN {{ results }} AS result ON result.key = stored.request_hash
      WHERE stored.run_id = {{ run_id | literal }}
        AND IFNULL(stored.status, '') = result.status
        AND TO_JSON_STRING(stored.response) = TO_JSON_STRING(result.response)
    )
  {%- endfor %}
  {%- if not runs %}
  SELECT '' AS run_id, line_id, key
  FROM {{ results }}
  WHERE FALSE
  {%- endif %}
)
SELECT {{ turn }} AS turn, run_id, line_id
FROM waiting
WHERE key NOT IN (SELECT key FROM repeated)
UNION ALL
SELECT {{ turn }}, run_id, line_id
FROM (
  SELECT run_id, waiting.key, result.line_id, status, TO_JSON_STRING(response) AS said, processed_time
  FROM waiting
  JOIN {{ results }} AS result ON result.line_id = waiting.line_id
  WHERE waiting.key IN (SELECT key FROM repeated)
)
-- An error goes first, and an answer after it. Which it is depends on what the lines say alone, not on their order.
QUALIFY ROW_NUMBER() OVER (PARTITION BY run_id, key ORDER BY status DESC, said, processed_time, line_id) = 1
