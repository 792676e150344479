-- The standard deviation of all there are.
-- Note: its last digits may differ.
SELECT
  g,
  STDDEV_POP(i) AS of_int,
  STDDEV_POP(x) AS of_float,
  STDDEV_POP(m) AS of_numeric,
  STDDEV_POP(DISTINCT i) AS of_distinct_ones
FROM UNNEST([
  STRUCT('a' AS g, 2 AS i, 0.5 AS x, NUMERIC '0.5' AS m), ('a', 4, 1.5, NUMERIC '1.5'), ('a', 4, NULL, NULL), ('a', 6, 2.5, NUMERIC '2.5'),
  ('b', 5, 5, 5), ('b', NULL, NULL, NULL), ('c', NULL, NULL, NULL)
])
GROUP BY g
ORDER BY g
