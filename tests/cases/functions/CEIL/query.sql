-- The least whole number that is not less; FLOAT64 of INT64.
SELECT n, CEIL(f) AS of_float, CEIL(d) AS of_numeric, CEIL(n) AS of_int
FROM UNNEST([
  STRUCT(1 AS n, 1.2 AS f, NUMERIC '1.000000001' AS d), (2, -1.2, NUMERIC '-1.9'), (3, -0.5, NUMERIC '0'),
  (4, 1e300, NUMERIC '5'), (5, NULL, NULL)
])
ORDER BY n
