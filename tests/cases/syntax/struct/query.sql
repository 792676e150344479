-- STRUCT written out, with names, with names of columns, with a type.
SELECT
  STRUCT(n AS a, s AS b) AS named,
  STRUCT(n, t.s) AS by_column,
  STRUCT<a INT64, b STRING>(1, 'x') AS typed,
  STRUCT(STRUCT(s AS inner_field) AS o, [n] AS l).o.inner_field AS field,
  STRUCT(n AS `a b`).`a b` AS quoted,
  STRUCT(NULL AS missing, s AS s).missing IS NULL AS missing
FROM UNNEST([STRUCT(1 AS n, 'é😀' AS s), (2, NULL)]) AS t
ORDER BY n
