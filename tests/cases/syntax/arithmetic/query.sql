-- + - and * keep INT64, NUMERIC and FLOAT64 apart; a literal such as 1.1 beside a NUMERIC is NUMERIC.
SELECT
  n,
  i + 1 AS sum, i - 3 AS difference, i * 50000 * 50000 AS product, -i AS negative,
  d + 1.1 AS numeric_sum, d * 1.1 AS numeric_product, d * d AS numeric_square, 1.5 - d AS numeric_difference, d * i AS numeric_by_int,
  f * 2 AS float_product, f + d AS float_and_numeric,
  2147483647 + 1 AS wide, 0x1F AS hex, 1e3 AS exponent
FROM UNNEST([STRUCT(1 AS n, 2 AS i, NUMERIC '0.1' AS d, 0.5 AS f), (2, -3, NUMERIC '0.000000001', -1e300), (3, NULL, NULL, NULL)])
ORDER BY n
