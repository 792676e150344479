-- One row per batch prediction job, with what the log says became of it.
--
-- log: the log table
SELECT
  run_id,
  ANY_VALUE(prompt) AS prompt,
  shard,
  attempt,
  CASE
    WHEN LOGICAL_OR(event = 'collected') THEN 'collected'
    WHEN LOGICAL_OR(event = 'submitted') THEN 'submitted'
    ELSE 'intended'
  END AS state,
  MAX(IF(event = 'submitted', JSON_VALUE(details, '$.job'), NULL)) AS job,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.requests') AS INT64)) AS requests,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.answered') AS INT64)) AS answered,
  MAX(IF(event = 'collected', JSON_VALUE(details, '$.state'), NULL)) AS ended_as,
  -- Its unanswered requests are for the next attempt.
  LOGICAL_OR(event = 'collected' AND IFNULL(JSON_VALUE(details, '$.again'), 'false') = 'true') AS again,
  -- Its stretch of the queue, and what that was expected to be.
  MAX(SAFE_CAST(JSON_VALUE(details, '$.first') AS INT64)) AS first_position,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.last') AS INT64)) AS last_position,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.estimated_input_tokens') AS INT64)) AS estimated_input_tokens,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.worst_usd') AS NUMERIC)) AS worst_usd,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.input_tokens') AS INT64)) AS input_tokens,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.output_tokens') AS INT64)) AS output_tokens,
  MAX(SAFE_CAST(JSON_VALUE(details, '$.cost_usd') AS NUMERIC)) AS cost_usd,
  MIN(time) AS intended,
  MIN(IF(event = 'submitted', time, NULL)) AS submitted,
  MAX(IF(event = 'collected', time, NULL)) AS collected
FROM {{ log }}
WHERE event IN ('intended', 'submitted', 'collected')
GROUP BY run_id, shard, attempt
