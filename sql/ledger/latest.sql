-- One row: the file that made the latest finished run of a prompt.
--
-- runs: the view of runs
SELECT file
FROM {{ runs }}
WHERE prompt = @prompt AND state = 'finished'
ORDER BY run_id DESC
LIMIT 1
