-- ROLLUP, CUBE and GROUPING SETS: totals in rows of their own, beside groups of NULL.
SELECT 'rollup' AS form, a, b, SUM(v) AS total FROM UNNEST([STRUCT(1 AS a, 'x' AS b, 10 AS v), (1, 'y', 20), (NULL, 'x', 40)]) GROUP BY ROLLUP (a, b)
UNION ALL
SELECT 'cube', a, b, SUM(v) FROM UNNEST([STRUCT(1 AS a, 'x' AS b, 10 AS v), (1, 'y', 20), (NULL, 'x', 40)]) GROUP BY CUBE (a, b)
UNION ALL
SELECT 'sets', a, b, SUM(v) FROM UNNEST([STRUCT(1 AS a, 'x' AS b, 10 AS v), (1, 'y', 20), (NULL, 'x', 40)]) GROUP BY GROUPING SETS ((a), (b), ())
ORDER BY form, a, b, total
