-- The greatest whole number that is not greater; FLOAT64 of INT64.
SELECT n, FLOOR(f) AS of_float, FLOOR(d) AS of_numeric, FLOOR(n) AS of_int
FROM UNNEST([
  STRUCT(1 AS n, 1.8 AS f, NUMERIC '1.999999999' AS d), (2, -1.2, NUMERIC '-1.1'), (3, 0.5, NUMERIC '0'), (4, NULL, NULL)
])
ORDER BY n
