-- The logarithm to base 10.
-- Note: its last digits may differ.
SELECT n, LOG10(x) AS y, LOG10(10) AS of_int
FROM UNNEST([STRUCT(1 AS n, 1.0 AS x), (2, 1000), (3, 0.001), (4, NULL), (5, CAST('inf' AS FLOAT64)), (6, CAST('-inf' AS FLOAT64)), (7, CAST('nan' AS FLOAT64))])
ORDER BY n
