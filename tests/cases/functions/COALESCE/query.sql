-- The first value that is not NULL. A literal such as 0.5 beside a NUMERIC is NUMERIC.
SELECT
  n,
  COALESCE(a, b, 'neither') AS text,
  COALESCE(a, b) AS maybe_null,
  COALESCE(d, 0.5) AS of_numeric,
  COALESCE(d, 1) AS of_whole
FROM UNNEST([
  STRUCT(1 AS n, 'x' AS a, 'y' AS b, NUMERIC '1.25' AS d), (2, NULL, '', NULL), (3, NULL, NULL, NUMERIC '0')
])
ORDER BY n
