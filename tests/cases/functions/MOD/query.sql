-- The remainder, with the sign of the first argument.
SELECT a, b, MOD(a, b) AS of_int, MOD(CAST(a AS NUMERIC), 2.5) AS of_numeric
FROM UNNEST([STRUCT(7 AS a, 3 AS b), (-7, 3), (7, -3), (0, 5), (9223372036854775807, 10), (NULL, 1), (1, NULL)])
ORDER BY a, b
