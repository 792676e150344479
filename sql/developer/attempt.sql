-- One row: the number of a run's next import, from 1.
--
-- answers: the prompt's answers
-- run_id: the run
SELECT 1 + IFNULL(MAX(SAFE_CAST(REGEXP_EXTRACT(job, r'_([0-9]+)$') AS INT64)), 0) AS attempt
FROM {{ answers }}
WHERE run_id = {{ run_id | literal }}
