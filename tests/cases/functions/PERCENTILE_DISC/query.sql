-- The value of a window at a share of them, NULLs left out; of any type that has an order.
SELECT DISTINCT
  g,
  PERCENTILE_DISC(x, 0) OVER (PARTITION BY g) AS least,
  PERCENTILE_DISC(x, 0.25) OVER (PARTITION BY g) AS quarter,
  PERCENTILE_DISC(x, 0.5) OVER (PARTITION BY g) AS middle,
  PERCENTILE_DISC(x, 1) OVER (PARTITION BY g) AS greatest,
  PERCENTILE_DISC(CAST(x AS STRING), 0.5) OVER (PARTITION BY g) AS of_text
FROM UNNEST([STRUCT('a' AS g, 4 AS x), ('a', 1), ('a', 2), ('a', NULL), ('b', 7), ('c', NULL), ('d', -3), ('d', -1), ('d', 10), ('d', 10)])
ORDER BY g
