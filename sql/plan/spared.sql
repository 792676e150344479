-- One row: what a run is spared by rows that share a request, and by requests that have their answer.
--
-- rows: the run's working rows
-- queue: the requests to be asked: key, input_tokens as estimated
-- answers: the prompt's answers so far
{% from 'macros/cost.sql' import total -%}
SELECT
  IFNULL(SUM(IF(to_ask, row_count - 1, 0)), 0) AS shared_rows,
  IFNULL({{ total('IF(to_ask, (row_count - 1) * input_tokens, 0)') }}, 0) AS shared_input_tokens,
  COUNTIF(NOT to_ask) AS answered_requests,
  IFNULL(SUM(IF(to_ask, 0, row_count)), 0) AS answered_rows,
  IFNULL({{ total('IF(to_ask, 0, input_tokens)') }}, 0) AS answered_input_tokens,
  IFNULL({{ total('output_tokens') }}, 0) AS answered_output_tokens
FROM (
  SELECT request_hash, COUNT(*) AS row_count
  FROM {{ rows }}
  WHERE request_hash IS NOT NULL
  GROUP BY request_hash
) AS asked
JOIN (
  SELECT key, TRUE AS to_ask, input_tokens, 0 AS output_tokens
  FROM {{ queue }}
  UNION ALL
  SELECT *
  FROM (
    SELECT request_hash, FALSE, input_tokens, IFNULL(output_tokens, 0) + IFNULL(thought_tokens, 0)
    FROM {{ answers }}
    WHERE input_tokens IS NOT NULL
      AND request_hash NOT IN (SELECT key FROM {{ queue }})
    QUALIFY ROW_NUMBER() OVER (PARTITION BY request_hash ORDER BY outcome = 'ok' DESC, attempt DESC) = 1
  )
) AS told ON told.key = asked.request_hash
