-- / gives FLOAT64 of INT64 too, and NUMERIC where one side is NUMERIC.
SELECT n, a / b AS of_int, a / 4 AS by_literal, d / b AS of_numeric, d / 0.3 AS numeric_by_literal, d / d AS numeric_by_itself, a / (b * 2.0) AS of_float, 1 / 3 AS third
FROM UNNEST([STRUCT(1 AS n, 1 AS a, 3 AS b, NUMERIC '10' AS d), (2, -7, 2, NUMERIC '0.1'), (3, 9007199254740993, 1, NUMERIC '-1.000000001'), (4, NULL, 1, NULL)])
ORDER BY n
