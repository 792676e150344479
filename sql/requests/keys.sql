-- One row per source row of a run: which request answered it, so that two runs can be compared.
--
-- rows: the run's working rows
-- run_id: the run
SELECT {{ run_id | literal }} AS run_id, CAST(key AS STRING) AS key, request_hash
FROM {{ rows }}
