SELECT key, request_hash, bqb_null_column
FROM (
  SELECT 'a' AS key, 'h1' AS request_hash, CAST(NULL AS STRING) AS bqb_null_column UNION ALL
  SELECT 'b', NULL, 'prompt'
)
