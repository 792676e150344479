-- One row per job of a prompt that may have answers nobody has collected, with what its run asked for.
--
-- jobs: the view of jobs
-- runs: the view of runs
SELECT
  job.run_id,
  job.shard,
  job.attempt,
  run.output,
  run.model,
  run.max_attempts,
  run.shard_size,
  job.job
FROM {{ jobs }} AS job
JOIN {{ runs }} AS run ON run.run_id = job.run_id
WHERE job.prompt = @prompt AND job.state != 'collected'
ORDER BY job.run_id, job.shard, job.attempt
