-- A quotient, NULL where the divisor is zero.
SELECT n, SAFE_DIVIDE(a, b) AS of_int, SAFE_DIVIDE(CAST(a AS NUMERIC), b) AS of_numeric, SAFE_DIVIDE(a, 0.5) AS of_float
FROM UNNEST([STRUCT(1 AS n, 1 AS a, 3 AS b), (2, 1, 0), (3, 0, 0), (4, -7, 2), (5, NULL, 1), (6, 1, NULL)])
ORDER BY n
