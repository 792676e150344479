-- SAFE_CAST of text to numbers takes what GoogleSQL takes, NULL else.
-- Note: to FLOAT64, hexadecimal with a binary exponent (0x1p3) is not read.
SELECT s, SAFE_CAST(s AS INT64) AS whole, SAFE_CAST(s AS FLOAT64) AS float, SAFE_CAST(s AS NUMERIC) AS number, SAFE_CAST(s AS BOOL) AS bool
FROM UNNEST([
  '', '0', '-0', '+1', ' 1 ', '\t1\n', '\u00a01', '1.0', '1.5', '.5', '5.', '.', '1e3', '1E-3', '1e400', '0x1F', '-0X1f', '0x', '0xffffffffffffffff',
  '9223372036854775807', '9223372036854775808', '-9223372036854775808', '00012', '1_000', '1,000', 'inf', '-Infinity', 'NaN', 'true', 'FALSE', ' true', 't', 'yes',
  '0.0000000005', '99999999999999999999999999999.999999999', '100000000000000000000000000000', '1.9999999995', '１', '--1', '1 2', NULL
]) AS s
ORDER BY s
