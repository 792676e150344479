SELECT key, request_hash, bqb_null_column
FROM (
  SELECT 'a' AS key, 'h1' AS request_hash, CAST(NULL AS STRING) AS bqb_null_column UNION ALL
  SELECT 'b', 'h2', NULL UNION ALL
  SELECT 'c', 'h3', NULL UNION ALL
  SELECT 'd', NULL, 'name' UNION ALL
  SELECT 'e', 'h4', NULL
)
