-- A query as a value, as a table, correlated.
WITH t AS (SELECT * FROM UNNEST([STRUCT(1 AS id, 'a' AS g, 5 AS v), (2, 'a', 7), (3, 'b', NULL), (4, NULL, 1)]))
SELECT
  id,
  (SELECT MAX(v) FROM t) AS greatest,
  (SELECT SUM(o.v) FROM t AS o WHERE o.g = t.g) AS of_group,
  (SELECT o.id FROM t AS o WHERE o.id = t.id + 1) AS next,
  id IN (SELECT o.id FROM t AS o WHERE o.v > 4) AS large
FROM (SELECT * FROM t WHERE id < 4) AS t
ORDER BY id
