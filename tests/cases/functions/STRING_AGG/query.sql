-- The texts of a group with a separator between them, a comma unless said: in order, distinct, the first few.
SELECT
  g,
  STRING_AGG(v, '-' ORDER BY t) AS in_order,
  STRING_AGG(v, '-' ORDER BY t DESC LIMIT 2) AS last_two,
  STRING_AGG(DISTINCT v, '' ORDER BY v) AS distinct_ones,
  STRING_AGG(IF(t = 1, v, NULL)) AS a_few
FROM UNNEST([STRUCT('a' AS g, 'x' AS v, 2 AS t), ('a', 'é😀', 1), ('a', NULL, 3), ('a', 'x', 4), ('b', NULL, 1), (NULL, '', 1)])
GROUP BY g
ORDER BY g
