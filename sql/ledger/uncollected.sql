-- One row per job of a prompt that may have answers nobody has collected.
--
-- jobs: the view of jobs
SELECT run_id, shard, attempt, job
FROM {{ jobs }}
WHERE prompt = @prompt AND state != 'collected'
ORDER BY run_id, shard, attempt
