SELECT key, request_hash, bqb_null_column
FROM (
  SELECT 'a later ok' AS key, 'a later ok' AS request_hash, CAST(NULL AS STRING) AS bqb_null_column UNION ALL
  SELECT 'an ok hides a later worse one', 'an ok hides a later worse one', NULL UNION ALL
  SELECT 'the latest of two ok', 'the latest of two ok', NULL UNION ALL
  SELECT 'the latest where none is ok', 'the latest where none is ok', NULL UNION ALL
  SELECT 'a refresh that came to nothing', 'a refresh that came to nothing', NULL UNION ALL
  SELECT 'ten attempts', 'ten attempts', NULL
)
