-- Whether a FLOAT64 is infinite.
SELECT n, IS_INF(x) AS yes, IS_INF(1) AS of_int
FROM UNNEST([STRUCT(1 AS n, 1.5 AS x), (2, CAST('nan' AS FLOAT64)), (3, CAST('-inf' AS FLOAT64)), (4, CAST('inf' AS FLOAT64)), (5, NULL)])
ORDER BY n
