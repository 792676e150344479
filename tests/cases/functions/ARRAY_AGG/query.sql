-- The values of a group as an array: in order, distinct, without NULLs, the first few. No rows give NULL.
SELECT
  g,
  ARRAY_AGG(v IGNORE NULLS ORDER BY t) AS in_order,
  ARRAY_AGG(v IGNORE NULLS ORDER BY t DESC LIMIT 2) AS last_two,
  ARRAY_AGG(DISTINCT v IGNORE NULLS ORDER BY v) AS distinct_ones,
  ARRAY_AGG(STRUCT(v, t) ORDER BY t) AS structs,
  ARRAY_LENGTH(ARRAY_AGG(v)) AS with_nulls
FROM UNNEST([
  STRUCT('a' AS g, 'x' AS v, 2 AS t), ('a', 'é😀', 1), ('a', NULL, 3), ('a', 'x', 4),
  ('b', NULL, 1), (NULL, '', 1)
])
GROUP BY g
ORDER BY g
