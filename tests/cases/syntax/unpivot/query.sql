-- UNPIVOT: a row for each column that is not NULL, or for all of them.
SELECT * FROM (SELECT 'r' AS r, 1 AS a, NULL AS b, 3 AS c UNION ALL SELECT 's', 4, 5, 6) UNPIVOT (v FOR k IN (a, b AS 'bé'))
UNION ALL
SELECT * FROM (SELECT 'all' AS r, 1 AS a, CAST(NULL AS INT64) AS b, 3 AS c) UNPIVOT INCLUDE NULLS (v FOR k IN (a, b))
ORDER BY r, k
