-- The value of the first row of a window, or of the first that is not NULL.
SELECT
  n,
  FIRST_VALUE(v) OVER (ORDER BY n) AS first,
  FIRST_VALUE(v IGNORE NULLS) OVER (ORDER BY n) AS first_not_null,
  FIRST_VALUE(v) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS one_before
FROM UNNEST([STRUCT(1 AS n, CAST(NULL AS STRING) AS v), (2, 'x'), (3, NULL), (4, 'y')])
ORDER BY n
