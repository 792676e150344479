-- Whole-number division, rounded towards zero.
SELECT a, b, DIV(a, b) AS of_int, DIV(CAST(a AS NUMERIC), 2.5) AS of_numeric
FROM UNNEST([STRUCT(7 AS a, 2 AS b), (-7, 2), (7, -2), (0, 5), (9223372036854775807, -1), (NULL, 1), (1, NULL)])
ORDER BY a, b
