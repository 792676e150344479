-- e to a power; of a FLOAT64 or INT64.
-- Note: its last digits may differ.
SELECT n, EXP(x) AS y
FROM UNNEST([STRUCT(1 AS n, 0.0 AS x), (2, 1), (3, -745), (4, 709), (5, NULL), (6, CAST('inf' AS FLOAT64)), (7, CAST('-inf' AS FLOAT64)), (8, CAST('nan' AS FLOAT64))])
ORDER BY n
