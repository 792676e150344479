-- A number without its fraction; FLOAT64 of INT64.
SELECT n, TRUNC(f) AS of_float, TRUNC(d) AS of_numeric, TRUNC(n) AS of_int
FROM UNNEST([STRUCT(1 AS n, 1.8 AS f, NUMERIC '1.999999999' AS d), (2, -1.8, NUMERIC '-1.1'), (3, NULL, NULL)])
ORDER BY n
