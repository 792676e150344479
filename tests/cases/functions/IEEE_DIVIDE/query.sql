-- A quotient that is infinite or no number where it has to be.
SELECT n, IEEE_DIVIDE(x, y) AS z, IEEE_DIVIDE(7, 2) AS of_int
FROM UNNEST([STRUCT(1 AS n, 1.0 AS x, 0.0 AS y), (2, -1, 0), (3, 0, 0), (4, 1.5, 2), (5, NULL, 0), (6, 1, NULL), (7, CAST('inf' AS FLOAT64), CAST('inf' AS FLOAT64))])
ORDER BY n
