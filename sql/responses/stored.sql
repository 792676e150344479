-- One row per response to append to a response table, but for those that are there; they come as one JSON array.
--
-- responses: the job's response table
SELECT
  JSON_VALUE(answer, '$.key') AS key,
  JSON_QUERY(answer, '$.response') AS response,
  JSON_VALUE(answer, '$.status') AS status,
  CURRENT_TIMESTAMP() AS processed_time
FROM UNNEST(JSON_QUERY_ARRAY(PARSE_JSON(@answers, wide_number_mode => 'round'))) AS answer
WHERE JSON_VALUE(answer, '$.key') NOT IN (SELECT key FROM {{ responses }} WHERE key IS NOT NULL)
