-- The number with the other sign, NULL for the one INT64 that has none.
SELECT n, SAFE_NEGATE(x) AS of_int, SAFE_NEGATE(1.5) AS of_float
FROM UNNEST([STRUCT(1 AS n, 9223372036854775807 AS x, 1 AS y), (2, -9223372036854775808, 1), (3, -9223372036854775808, -1), (4, 9223372036854775807, 2), (5, 3, -4), (6, NULL, 1), (7, 0, 0)])
ORDER BY n
