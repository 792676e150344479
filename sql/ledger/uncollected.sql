-- One row per job of a prompt that may have answers nobody has collected, with what its run asked for.
--
-- jobs: the view of jobs
-- runs: the view of runs
SELECT
  sent.run_id,
  sent.shard,
  sent.attempt,
  run.output,
  run.model,
  run.max_attempts,
  run.shard_size,
  run.price,
  run.requests,
  run.online,
  run.estimated_input_tokens,
  run.max_cost,
  run.ratio,
  sent.job,
  sent.first_position,
  sent.last_position,
  sent.requests AS sent_requests,
  sent.estimated_input_tokens AS sent_input_tokens,
  sent.worst_usd
FROM {{ jobs }} AS sent
JOIN {{ runs }} AS run ON run.run_id = sent.run_id
WHERE sent.prompt = @prompt AND sent.state != 'collected'
ORDER BY sent.run_id, sent.shard, sent.attempt
