-- INNER, LEFT, RIGHT, FULL and CROSS joins, with ON and USING; NULL joins nothing.
WITH
  a AS (SELECT * FROM UNNEST([STRUCT(1 AS id, 'x' AS l), (2, 'y'), (NULL, 'n')])),
  b AS (SELECT * FROM UNNEST([STRUCT(1 AS id, 'p' AS r), (1, 'q'), (3, 's'), (NULL, 'm')]))
SELECT 'inner' AS kind, a.id, l, r FROM a JOIN b ON a.id = b.id
UNION ALL SELECT 'using', id, l, r FROM a INNER JOIN b USING (id)
UNION ALL SELECT 'left', a.id, l, r FROM a LEFT JOIN b ON a.id = b.id
UNION ALL SELECT 'right', b.id, l, r FROM a RIGHT OUTER JOIN b ON a.id = b.id
UNION ALL SELECT 'full', id, l, r FROM a FULL JOIN b USING (id)
UNION ALL SELECT 'cross', a.id, l, r FROM a CROSS JOIN b WHERE l = 'x'
UNION ALL SELECT 'comma', a.id, l, r FROM a, b WHERE a.id = b.id AND r = 'q'
ORDER BY kind, id, l, r
