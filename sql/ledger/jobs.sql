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
  MIN(time) AS intended,
  MAX(IF(event = 'collected', time, NULL)) AS collected
FROM {{ log }}
WHERE event IN ('intended', 'submitted', 'collected')
GROUP BY run_id, shard, attempt
