-- One row per shard of a run that was sent: its last attempt, what became of it, and what all its attempts cost.
--
-- jobs: the view of jobs
SELECT
  shard,
  attempt,
  state,
  again,
  job,
  first_position,
  last_position,
  requests,
  estimated_input_tokens,
  worst_usd,
  -- An attempt that was cut short to its cap ends before its shard does.
  MAX(last_position) OVER (PARTITION BY shard) AS end_position,
  SUM(cost_usd) OVER (PARTITION BY shard) AS cost_usd
FROM {{ jobs }}
WHERE run_id = @run_id
QUALIFY ROW_NUMBER() OVER (PARTITION BY shard ORDER BY attempt DESC) = 1
ORDER BY shard
