-- The least of its arguments; NULL where one is.
-- Note: NaN counts as greater than any number, and is not passed on.
SELECT n, LEAST(a, b, 3) AS of_int, LEAST(s, 'm') AS of_text, LEAST(d, 0.5) AS of_numeric
FROM UNNEST([
  STRUCT(1 AS n, 1 AS a, 2 AS b, 'z' AS s, NUMERIC '0.25' AS d), (2, -5, 7, 'é', NUMERIC '1'), (3, NULL, 2, NULL, NULL)
])
ORDER BY n
