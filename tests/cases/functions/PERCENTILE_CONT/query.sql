-- A value between those of a window at a share of them, NULLs left out; FLOAT64.
SELECT DISTINCT
  g,
  PERCENTILE_CONT(x, 0) OVER (PARTITION BY g) AS least,
  PERCENTILE_CONT(x, 0.25) OVER (PARTITION BY g) AS quarter,
  PERCENTILE_CONT(x, 0.5) OVER (PARTITION BY g) AS middle,
  PERCENTILE_CONT(x, 1) OVER (PARTITION BY g) AS greatest
FROM UNNEST([STRUCT('a' AS g, 4 AS x), ('a', 1), ('a', 2), ('a', NULL), ('b', 7), ('c', NULL), ('d', -3), ('d', -1), ('d', 10), ('d', 10)])
ORDER BY g
