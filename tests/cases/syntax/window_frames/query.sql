-- Windows over rows, partitions and named windows; without a frame they end with the current row and its equals.
SELECT
  n,
  SUM(v) OVER (ORDER BY n) AS so_far,
  SUM(v) OVER (PARTITION BY g ORDER BY n) AS of_group,
  SUM(v) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS around,
  SUM(v) OVER (ORDER BY g) AS with_equals,
  AVG(d) OVER (PARTITION BY g) AS mean,
  COUNT(*) OVER w AS number,
  MAX(v) OVER w AS greatest,
  SUM(d) OVER (PARTITION BY g) / COUNT(*) OVER (PARTITION BY g) AS quotient,
  COUNTIF(v > 1) OVER () AS above_one
FROM UNNEST([STRUCT(1 AS n, 'a' AS g, 1 AS v, NUMERIC '0.1' AS d), (2, 'a', NULL, NUMERIC '0.2'), (3, 'b', 3, NULL), (4, 'b', 4, NUMERIC '1')])
WINDOW w AS (ORDER BY n DESC)
ORDER BY n
