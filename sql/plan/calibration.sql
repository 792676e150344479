-- One row: input tokens that a model counted for each one estimated, over its latest jobs that answered all; NULL where they are few.
--
-- jobs: the view of jobs
-- runs: the view of runs
{# A ratio beyond 1/4 and 4 is no error of an estimate: a model with another tokenizer, files of unknown length. -#}
SELECT
  COUNT(*) AS jobs,
  IF(
    SUM(answered) >= 20,
    CAST(ROUND(LEAST(4, GREATEST(0.25, SAFE_DIVIDE(SUM(input_tokens), SUM(estimated_input_tokens)))), 4) AS NUMERIC),
    NULL
  ) AS ratio
FROM (
  SELECT job.answered, job.input_tokens, job.estimated_input_tokens
  FROM {{ jobs }} AS job
  JOIN {{ runs }} AS run ON run.run_id = job.run_id
  WHERE run.model = @model
    AND job.collected IS NOT NULL
    AND job.answered = job.requests
    AND job.input_tokens > 0
    AND job.estimated_input_tokens > 0
  ORDER BY job.collected DESC, job.run_id, job.shard, job.attempt
  LIMIT 20
)
