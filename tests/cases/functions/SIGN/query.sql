-- -1, 0 or 1, in the number's own type.
SELECT n, SIGN(i) AS of_int, SIGN(f) AS of_float, SIGN(d) AS of_numeric
FROM UNNEST([STRUCT(1 AS n, -5 AS i, -0.5 AS f, NUMERIC '0.000000001' AS d), (2, 0, 0.0, NUMERIC '0'), (3, 9, 1e300, NUMERIC '-3'), (4, NULL, NULL, NULL)])
ORDER BY n
