-- GROUP BY a column, a number, a new name and everything; NULLs are one group. HAVING looks at groups.
WITH t AS (SELECT * FROM UNNEST([STRUCT('a' AS g, 1 AS v), ('A', 2), ('b', 3), (NULL, 4), (NULL, 5)]))
SELECT 1 AS n, UPPER(g) AS g, COUNT(*) AS number, SUM(v) AS total FROM t GROUP BY g
UNION ALL
SELECT 2, g, COUNT(*), SUM(v) FROM t GROUP BY 2 HAVING COUNT(*) > 1
UNION ALL
SELECT 3, UPPER(g), COUNT(*), MAX(v) FROM t GROUP BY UPPER(g) HAVING MAX(v) < 5
UNION ALL
SELECT 4, IF(v > 2, 'more', 'less') AS size, COUNT(*), SUM(v) FROM t GROUP BY size
UNION ALL
SELECT 5, g, COUNT(*), SUM(v) FROM t GROUP BY ALL
ORDER BY n, g, number, total
