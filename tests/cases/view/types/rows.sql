SELECT key, request_hash, bqb_null_column
FROM (
  SELECT 'full' AS key, 'full' AS request_hash, CAST(NULL AS STRING) AS bqb_null_column UNION ALL
  SELECT 'nulls', 'nulls', NULL UNION ALL
  SELECT 'nothing', 'nothing', NULL UNION ALL
  SELECT 'texts for values', 'texts for values', NULL UNION ALL
  SELECT 'values for texts', 'values for texts', NULL UNION ALL
  SELECT 'wrong', 'wrong', NULL UNION ALL
  SELECT 'wrong items', 'wrong items', NULL UNION ALL
  SELECT 'empty', 'empty', NULL UNION ALL
  SELECT 'not an object', 'not an object', NULL UNION ALL
  SELECT 'null itself', 'null itself', NULL UNION ALL
  SELECT 'pending', 'pending', NULL UNION ALL
  SELECT 'skipped', NULL, 'x'
)
