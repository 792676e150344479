-- JSON text of a value, byte for byte; of NULL 'null'. Whole numbers beyond 2^53 and NUMERIC with decimals are quoted.
-- Note: of JSON, the fields keep their order and numbers their digits; a STRUCT or array of FLOAT64, NUMERIC or times is taken where it is written out, not from a column.
SELECT
  n,
  TO_JSON_STRING(s) AS of_string,
  TO_JSON_STRING(i) AS of_int,
  TO_JSON_STRING(f) AS of_float,
  TO_JSON_STRING(d) AS of_numeric,
  TO_JSON_STRING(b) AS of_bool,
  TO_JSON_STRING(t) AS of_timestamp,
  TO_JSON_STRING(DATE(t)) AS of_date,
  TO_JSON_STRING(DATETIME(t)) AS of_datetime,
  TO_JSON_STRING(CAST(t AS TIME)) AS of_time,
  TO_JSON_STRING(CAST(s AS BYTES)) AS of_bytes,
  TO_JSON_STRING([i, 1]) AS of_array,
  TO_JSON_STRING(STRUCT(s AS `the "name"`, [f, 0.5] AS list, STRUCT(d AS d, t AS t) AS inner_struct)) AS of_struct
FROM UNNEST([
  STRUCT(1 AS n, 'é😀"\\/\n\t\b\f\r' AS s, 1 AS i, 1.0 AS f, NUMERIC '1.50' AS d, TRUE AS b, TIMESTAMP '2024-02-29 01:02:03' AS t),
  (2, '\u0000\u0001\u000b\u000e\u001f\u007f\u0080\u2028\u2029\ufeff', 9007199254740993, 1e15, NUMERIC '100', FALSE, TIMESTAMP '2024-02-29 01:02:03.5'),
  (3, '', -9007199254740992, 0.1, NUMERIC '-0.000000001', NULL, TIMESTAMP '0001-01-01 00:00:00.000001'),
  (4, 'e\u0301<>&\'', 0, CAST('nan' AS FLOAT64), NUMERIC '9007199254740993', TRUE, TIMESTAMP '9999-12-31 23:59:59.999999'),
  (5, NULL, NULL, NULL, NULL, NULL, NULL)
])
ORDER BY n
