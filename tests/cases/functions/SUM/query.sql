-- The sum of a group without its NULLs, in the type of what is added; NULL where there is nothing.
-- Note: a sum of many FLOAT64 is added up in another order, and may differ in its last digit.
SELECT
  g,
  SUM(i) AS of_int,
  SUM(f) AS of_float,
  SUM(d) AS of_numeric,
  SUM(DISTINCT i) AS of_distinct_ones,
  SUM(IF(i > 1, 1, 0)) AS counted,
  SUM(i) / COUNT(*) AS mean,
  CAST(SUM(d) AS STRING) AS text
FROM UNNEST([
  STRUCT('a' AS g, 1 AS i, 0.5 AS f, NUMERIC '0.1' AS d), ('a', 2, 0.25, NUMERIC '0.2'), ('a', 2, NULL, NUMERIC '0.000000001'), ('a', NULL, NULL, NULL),
  ('b', NULL, NULL, NULL), ('c', 9223372036854775806, 1e308, NUMERIC '-99999999999999999999999999999'), ('c', 1, -1e308, NULL)
])
GROUP BY g
ORDER BY g
