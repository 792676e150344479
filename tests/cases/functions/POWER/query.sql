-- A number to a power, as FLOAT64.
-- Note: its last digits may differ.
SELECT n, POWER(x, y) AS z, POWER(2, 10) AS whole, POWER(x, 2) AS square
FROM UNNEST([STRUCT(1 AS n, 2.0 AS x, 0.5 AS y), (2, 0, 0), (3, -2, 3), (4, 2, -1), (5, NULL, 1), (6, 1, NULL), (7, CAST('-inf' AS FLOAT64), 0.5), (8, 1, CAST('nan' AS FLOAT64))])
ORDER BY n
