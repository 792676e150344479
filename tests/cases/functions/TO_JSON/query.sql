-- A value as JSON: a FLOAT64 keeps its point, an INT64 its digits, NULL is JSON's.
-- Note: fields keep the order in which they were written; a NUMERIC beyond a million, and a column that is a STRUCT or array of FLOAT64, NUMERIC or times, are errors.
SELECT
  n,
  TO_JSON(i) AS of_int,
  TO_JSON(f) AS of_float,
  TO_JSON(s) AS of_text,
  TO_JSON(STRUCT(i AS b, [f] AS a, STRUCT(s AS c) AS o)) AS of_struct,
  TO_JSON([i, i]) AS of_array,
  TO_JSON(d) AS of_date,
  TO_JSON(NUMERIC '1.10') AS of_numeric,
  TO_JSON(TIMESTAMP '2024-01-02 03:04:05.6') AS of_timestamp,
  TO_JSON(JSON '{"a": 1.50}') AS of_json,
  TO_JSON(n > 2) AS of_bool,
  JSON_VALUE(TO_JSON(f)) AS number
FROM UNNEST([
  STRUCT(1 AS n, 1 AS i, 1.0 AS f, 'é"\\\n\u2028\u000b' AS s, DATE '2024-01-02' AS d), (2, 9007199254740993, 1e-7, '', NULL), (3, NULL, NULL, NULL, NULL),
  (4, -5, CAST('nan' AS FLOAT64), 'x', NULL), (5, 0, -0.0, 'x', NULL), (6, 0, 1e15, 'x', NULL)
])
ORDER BY n
