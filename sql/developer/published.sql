-- One row: how many rows a later run of the prompt has published.
--
-- keys: which request answered which row, by run
-- run_id: the run
SELECT COUNT(*) AS published
FROM {{ keys }}
WHERE run_id > {{ run_id | literal }}
