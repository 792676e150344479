SELECT key, request_hash, bqb_null_column
FROM (
  SELECT 'ok' AS key, 'ok' AS request_hash, CAST(NULL AS STRING) AS bqb_null_column UNION ALL
  SELECT 'truncated', 'truncated', NULL UNION ALL
  SELECT 'blocked', 'blocked', NULL UNION ALL
  SELECT 'invalid_json', 'invalid_json', NULL UNION ALL
  SELECT 'schema_mismatch', 'schema_mismatch', NULL UNION ALL
  SELECT 'retryable', 'retryable', NULL UNION ALL
  SELECT 'failed', 'failed', NULL UNION ALL
  SELECT 'missing', 'missing', NULL UNION ALL
  SELECT 'pending', 'pending', NULL UNION ALL
  SELECT 'skipped', NULL, 'review' UNION ALL
  SELECT 'skipped as well', NULL, 'prompt'
)
