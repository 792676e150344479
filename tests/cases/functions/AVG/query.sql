-- The mean of a group without its NULLs: FLOAT64, but NUMERIC of NUMERIC. NULL where there is nothing.
-- Note: a mean of many FLOAT64 is added up in another order, and may differ in its last digit.
SELECT
  g,
  AVG(i) AS of_int,
  AVG(f) AS of_float,
  AVG(n) AS of_numeric,
  AVG(DISTINCT i) AS of_distinct_ones,
  ROUND(AVG(n), 2) AS rounded
FROM UNNEST([
  STRUCT('a' AS g, 1 AS i, 0.5 AS f, NUMERIC '0.1' AS n), ('a', 2, 0.25, NUMERIC '0.2'), ('a', 2, NULL, NUMERIC '0.2'),
  ('a', NULL, NULL, NULL), ('b', NULL, NULL, NULL), ('c', -9007199254740993, 1e308, NUMERIC '-0.000000001')
])
GROUP BY g
ORDER BY g
