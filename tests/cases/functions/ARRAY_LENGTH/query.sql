-- The number of elements, NULL ones too; NULL for an array that is NULL.
SELECT n, ARRAY_LENGTH(a) AS length
FROM (
  SELECT 1 AS n, ['x', NULL, ''] AS a
  UNION ALL SELECT 2, []
  UNION ALL SELECT 3, CAST(NULL AS ARRAY<STRING>)
)
ORDER BY n
