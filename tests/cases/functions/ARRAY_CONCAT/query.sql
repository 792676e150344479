-- Arrays one after the other; NULL where one of them is.
SELECT
  n,
  ARRAY_CONCAT(a, b) AS two,
  ARRAY_CONCAT(a, b, ['é😀'], a) AS several,
  ARRAY_CONCAT(a) AS one
FROM (
  SELECT 1 AS n, ['x'] AS a, ['y', 'z'] AS b
  UNION ALL SELECT 2, ['x'], []
  UNION ALL SELECT 3, ['x'], CAST(NULL AS ARRAY<STRING>)
)
ORDER BY n
