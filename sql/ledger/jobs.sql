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
  MAX(IF(event = 'collected', JSON_VALUE(details, '$.state'), NULL)) AS ended_as,
  -- Its unanswered requests are for the next attempt.
  LOGICAL_OR(event = 'collected' AND IFNULL(JSON_VALUE(details, '$.again'), 'false') = 'true') AS again,
  MIN(time) AS intended,
  MIN(IF(event = 'submitted', time, NULL)) AS submitted,
  MAX(IF(event = 'collected', time, NULL)) AS collected
FROM {{ log }}
WHERE event IN ('intended', 'submitted', 'collected')
GROUP BY run_id, shard, attempt
