-- One row per run of a prompt that neither finished nor was settled, oldest first.
--
-- runs: the view of runs
SELECT run_id
FROM {{ runs }}
WHERE prompt = @prompt AND state = 'open'
ORDER BY run_id
