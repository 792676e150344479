-- Rounded away from zero where it lies halfway, of the number that a FLOAT64 really is: 2.675 is a little less.
SELECT
  n,
  ROUND(f) AS whole,
  ROUND(f, 2) AS digits,
  ROUND(f, -2) AS hundreds,
  ROUND(d) AS of_numeric,
  ROUND(d, 2) AS digits_of_numeric,
  ROUND(n) AS of_int,
  ROUND(n * 50, -2) AS hundreds_of_int
FROM UNNEST([
  STRUCT(1 AS n, 2.5 AS f, NUMERIC '2.5' AS d), (2, -2.5, NUMERIC '-2.5'), (3, 2.675, NUMERIC '2.675'), (4, 1.005, NUMERIC '1.005'),
  (5, 0.285, NUMERIC '0.285'), (6, 1234567.891, NUMERIC '1234567.891'), (7, -149.99, NUMERIC '0'), (8, 0.49999999999999994, NUMERIC '0.499999999'),
  (9, 1e300, NUMERIC '99999999999999999999999999999'), (10, NULL, NULL)
])
ORDER BY n
