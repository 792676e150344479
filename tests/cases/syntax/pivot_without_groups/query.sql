-- PIVOT of all rows, its columns named after text and numbers.
SELECT a.*, b.*
FROM (SELECT 1 AS v, 'x y' AS k UNION ALL SELECT 2, 'x y') PIVOT (SUM(v) FOR k IN ('x y', 'z')) AS a
CROSS JOIN (SELECT 1.5 AS v, 1 AS k UNION ALL SELECT 2, 2) PIVOT (AVG(v) FOR k IN (1, 2 AS two, 3)) AS b
