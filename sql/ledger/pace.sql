-- One row: how long the latest batches of a model took that answered all, in seconds, and how many there were.
--
-- jobs: the view of jobs
-- runs: the view of runs
SELECT
  COUNT(*) AS jobs,
  CAST(MIN(seconds) AS INT64) AS shortest,
  CAST(AVG(seconds) AS INT64) AS usual,
  CAST(MAX(seconds) AS INT64) AS longest,
  SAFE_DIVIDE(SUM(seconds), SUM(requests)) AS for_a_request
FROM (
  SELECT TIMESTAMP_DIFF(job.collected, job.submitted, MILLISECOND) / 1000 AS seconds, job.requests
  FROM {{ jobs }} AS job
  JOIN {{ runs }} AS run ON run.run_id = job.run_id
  WHERE run.model = @model AND NOT run.online AND job.ended_as = 'SUCCEEDED' AND job.submitted IS NOT NULL AND job.requests > 0
  ORDER BY job.collected DESC, job.run_id, job.shard
  LIMIT 20
)
