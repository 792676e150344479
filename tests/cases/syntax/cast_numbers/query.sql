-- CAST between INT64, FLOAT64, NUMERIC and BOOL: halves are rounded away from zero.
SELECT
  n,
  CAST(f AS INT64) AS float_int, CAST(f AS NUMERIC) AS float_numeric,
  CAST(d AS INT64) AS numeric_int, CAST(d AS FLOAT64) AS numeric_float,
  CAST(i AS FLOAT64) AS int_float, CAST(i AS NUMERIC) AS int_numeric, CAST(i AS BOOL) AS int_bool, CAST(i > 0 AS INT64) AS bool_int
FROM UNNEST([
  STRUCT(1 AS n, 2.5 AS f, NUMERIC '2.5' AS d, 5 AS i), (2, -2.5, NUMERIC '-2.5', 0), (3, 0.1, NUMERIC '0.1', -1),
  (4, 123456789.123456789, NUMERIC '123456789.123456789', 9007199254740993), (5, 1.0000000005, NUMERIC '0.499999999', 9223372036854775807), (6, NULL, NULL, NULL)
])
ORDER BY n
