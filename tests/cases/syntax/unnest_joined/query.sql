-- An array joined to its row: by a comma, CROSS JOIN, LEFT JOIN that keeps rows without elements, with offsets and conditions.
WITH t AS (
  SELECT 1 AS id, ['p', 'q'] AS tags, [STRUCT('x' AS name, 1 AS v)] AS items
  UNION ALL SELECT 2, [], [STRUCT('y' AS name, 2 AS v), ('z', NULL)]
  UNION ALL SELECT 3, CAST(NULL AS ARRAY<STRING>), NULL
)
SELECT 'comma' AS kind, id, e AS value, o AS place FROM t, UNNEST(tags) AS e WITH OFFSET AS o
UNION ALL SELECT 'path', id, e, 0 FROM t, t.tags AS e
UNION ALL SELECT 'cross', id, e, 0 FROM t CROSS JOIN UNNEST(t.tags) AS e WHERE e != 'q'
UNION ALL SELECT 'left', id, e, o FROM t LEFT JOIN UNNEST(tags) AS e WITH OFFSET AS o
UNION ALL SELECT 'left on', id, e, 0 FROM t LEFT JOIN UNNEST(tags) AS e ON e = 'p'
UNION ALL SELECT 'fields', id, i.name, i.v FROM t, UNNEST(items) AS i
UNION ALL SELECT 'bare fields', id, name, v FROM t, UNNEST(items)
UNION ALL SELECT 'two', a, b, 0 FROM UNNEST([8, 9]) AS a, UNNEST(['m', 'n']) AS b
ORDER BY kind, id, value, place
