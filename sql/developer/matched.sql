-- One row per result of an import that a run is to store now, as a response table has it.
--
-- results: the results of the import
-- matches: which run stores which of them
-- run_id: the run
-- turn: which of them now
SELECT key, response, status, processed_time
FROM {{ results }}
WHERE line_id IN (SELECT line_id FROM {{ matches }} WHERE run_id = {{ run_id | literal }} AND turn = {{ turn }})
