-- One row: how many rows a prompt had when it was last planned, and the tokens of one of its requests.
--
-- runs: the view of runs
SELECT row_count, SAFE_DIVIDE(estimated_input_tokens, requests) AS tokens
FROM {{ runs }}
WHERE prompt = @prompt AND requests > 0
ORDER BY run_id DESC
LIMIT 1
