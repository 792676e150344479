-- SELECT AS STRUCT as a value, and in an array.
SELECT
  n,
  (SELECT AS STRUCT n AS a, s AS b) AS made,
  (SELECT AS STRUCT n AS a, s AS b).b AS field,
  ARRAY(SELECT AS STRUCT x, x * 2 AS twice FROM UNNEST([2, n]) AS x ORDER BY x)[OFFSET(0)].twice
FROM UNNEST([STRUCT(1 AS n, 'é' AS s), (3, NULL)])
ORDER BY n
