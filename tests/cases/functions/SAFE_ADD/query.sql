-- NULL where the answer is beyond its type.
SELECT n, SAFE_ADD(x, y) AS of_int, SAFE_ADD(x, 0.5) AS of_float, SAFE_ADD(y, NUMERIC '0.5') AS of_numeric, SAFE_ADD(1e308, -1.7e308) AS huge
FROM UNNEST([STRUCT(1 AS n, 9223372036854775807 AS x, 1 AS y), (2, -9223372036854775808, 1), (3, -9223372036854775808, -1), (4, 9223372036854775807, 2), (5, 3, -4), (6, NULL, 1), (7, 0, 0)])
ORDER BY n
