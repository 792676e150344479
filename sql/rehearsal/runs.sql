-- One row per run that the log of rehearsals has of a prompt.
--
-- log: the log table
SELECT DISTINCT run_id
FROM {{ log }}
WHERE prompt = @prompt
