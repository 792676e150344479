-- The standard deviation of a sample, NULL of fewer than two.
-- Note: its last digits may differ.
SELECT
  g,
  STDDEV(i) AS of_int,
  STDDEV(x) AS of_float,
  STDDEV(m) AS of_numeric,
  STDDEV(DISTINCT i) AS of_distinct_ones
FROM UNNEST([
  STRUCT('a' AS g, 2 AS i, 0.5 AS x, NUMERIC '0.5' AS m), ('a', 4, 1.5, NUMERIC '1.5'), ('a', 4, NULL, NULL), ('a', 6, 2.5, NUMERIC '2.5'),
  ('b', 5, 5, 5), ('b', NULL, NULL, NULL), ('c', NULL, NULL, NULL)
])
GROUP BY g
ORDER BY g
