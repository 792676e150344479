-- The elements with a separator between them; NULL ones are left out, or written as the third argument says.
SELECT
  n,
  ARRAY_TO_STRING(a, ', ') AS joined,
  ARRAY_TO_STRING(a, '') AS without_separator,
  ARRAY_TO_STRING(a, '-', '?') AS with_nulls
FROM (
  SELECT 1 AS n, ['x', NULL, 'é😀', ''] AS a
  UNION ALL SELECT 2, []
  UNION ALL SELECT 3, CAST(NULL AS ARRAY<STRING>)
  UNION ALL SELECT 4, CAST([NULL] AS ARRAY<STRING>)
)
ORDER BY n
