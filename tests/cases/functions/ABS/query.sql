-- The distance of a number from zero, in the number's own type.
SELECT i, ABS(i) AS of_int, ABS(f) AS of_float, ABS(n) AS of_numeric
FROM UNNEST([
  STRUCT(0 AS i, CAST('-0' AS FLOAT64) AS f, NUMERIC '-1.5' AS n),
  (-3, -2.5, NUMERIC '0.000000001'),
  (9223372036854775807, -1.7976931348623157e308, NUMERIC '-99999999999999999999999999999.999999999'),
  (NULL, NULL, NULL)
])
ORDER BY i
