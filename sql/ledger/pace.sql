-- One row: how long the latest jobs of a model took that answered all, in seconds, and how many there were.
--
-- jobs: the view of jobs
-- runs: the view of runs
SELECT COUNT(*) AS jobs, MIN(seconds) AS shortest, CAST(AVG(seconds) AS INT64) AS usual, MAX(seconds) AS longest
FROM (
  SELECT TIMESTAMP_DIFF(job.collected, job.submitted, SECOND) AS seconds
  FROM {{ jobs }} AS job
  JOIN {{ runs }} AS run ON run.run_id = job.run_id
  WHERE run.model = @model AND job.ended_as = 'SUCCEEDED'
  ORDER BY job.collected DESC, job.run_id, job.shard
  LIMIT 20
)
