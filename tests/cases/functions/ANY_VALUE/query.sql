-- One value of a group; with HAVING MAX or MIN that of the row where another expression is greatest or least, even NULL.
SELECT
  g,
  ANY_VALUE(g) AS of_equal_ones,
  ANY_VALUE(v HAVING MAX t) AS last,
  ANY_VALUE(v HAVING MIN t) AS first
FROM UNNEST([
  STRUCT('a' AS g, 'x' AS v, 1 AS t), ('a', NULL, 3), ('a', 'z', 2), ('a', 'w', NULL),
  ('b', 'only', NULL), (NULL, 'n', 1)
])
GROUP BY g
ORDER BY g
