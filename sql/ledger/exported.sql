-- One row per exported run that may still get answers, oldest first, with all that is needed to bring them home.
--
-- runs: the view of runs
SELECT run_id, prompt, output, model, max_attempts, shard_size, price, requests, online, refused
FROM {{ runs }}
WHERE state = 'exported'
ORDER BY run_id
