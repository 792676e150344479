-- The elements from last to first.
SELECT n, ARRAY_REVERSE(a) AS reversed
FROM (
  SELECT 1 AS n, [1, 2, 3] AS a
  UNION ALL SELECT 2, []
  UNION ALL SELECT 3, CAST(NULL AS ARRAY<INT64>)
)
ORDER BY n
