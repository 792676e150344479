-- The value of the last row of a window, which ends with the current row unless said.
SELECT
  n,
  LAST_VALUE(v) OVER (ORDER BY n) AS so_far,
  LAST_VALUE(v IGNORE NULLS) OVER (ORDER BY n) AS last_not_null,
  LAST_VALUE(v) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS of_all
FROM UNNEST([STRUCT(1 AS n, 'x' AS v), (2, NULL), (3, 'y'), (4, NULL)])
ORDER BY n
