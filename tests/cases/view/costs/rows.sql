SELECT key, request_hash, bqb_null_column
FROM (
  SELECT 'shared 1' AS key, 'shared' AS request_hash, CAST(NULL AS STRING) AS bqb_null_column UNION ALL
  SELECT 'shared 2', 'shared', NULL UNION ALL
  SELECT 'shared 3', 'shared', NULL UNION ALL
  SELECT 'alone', 'alone', NULL UNION ALL
  SELECT 'thoughts', 'thoughts', NULL UNION ALL
  SELECT 'no tokens', 'no tokens', NULL UNION ALL
  SELECT 'no price', 'no price', NULL UNION ALL
  SELECT 'only input', 'only input', NULL UNION ALL
  SELECT 'answered before', 'answered before', NULL UNION ALL
  SELECT 'half a nano', 'half a nano', NULL UNION ALL
  SELECT 'half a nano again', 'half a nano again', NULL UNION ALL
  SELECT 'half a nano once more', 'half a nano once more', NULL UNION ALL
  SELECT 'asked twice in this run', 'asked twice in this run', NULL UNION ALL
  SELECT 'before 1', 'before, shared', NULL UNION ALL
  SELECT 'before 2', 'before, shared', NULL UNION ALL
  SELECT 'cached', 'cached', NULL UNION ALL
  SELECT 'cached, no price of its own', 'cached, no price of its own', NULL UNION ALL
  SELECT 'cached, more than there is', 'cached, more than there is', NULL UNION ALL
  SELECT 'cached, dearer', 'cached, dearer', NULL UNION ALL
  SELECT 'skipped', NULL, 'x'
)
