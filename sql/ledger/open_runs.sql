-- One row per run of a prompt that neither finished nor was settled, oldest first, with all that is needed to go on.
--
-- runs: the view of runs
SELECT run_id, output, model, max_attempts, shard_size, price, requests, online, estimated_input_tokens, max_cost, ratio
FROM {{ runs }}
WHERE prompt = @prompt AND state = 'open'
ORDER BY run_id
