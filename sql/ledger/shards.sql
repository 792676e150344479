-- One row per shard of a run that was sent: its last attempt, and what became of it.
--
-- jobs: the view of jobs
SELECT shard, attempt, state, again, job
FROM {{ jobs }}
WHERE run_id = @run_id
QUALIFY ROW_NUMBER() OVER (PARTITION BY shard ORDER BY attempt DESC) = 1
ORDER BY shard
