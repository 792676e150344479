-- PIVOT: a column for each value of another, one row a group of what is left.
SELECT *
FROM (
  SELECT 'p' AS g, 1 AS v, 'x' AS k UNION ALL SELECT 'p', 2, 'x' UNION ALL SELECT 'p', 5, 'z'
  UNION ALL SELECT 'q', 3, NULL UNION ALL SELECT NULL, 4, 'y é' UNION ALL SELECT 'r', NULL, 'x'
)
PIVOT (SUM(v) AS total, COUNT(*) AS n, MAX(v) AS most FOR k IN ('x', 'y é' AS y))
ORDER BY g
