-- One row per column that was NULL in a prompt, with the number of rows it kept from being sent.
--
-- rows: the run's working rows
SELECT bqb_null_column AS null_column, COUNT(*) AS skipped
FROM {{ rows }}
WHERE request_hash IS NULL
GROUP BY bqb_null_column
ORDER BY skipped DESC, null_column
