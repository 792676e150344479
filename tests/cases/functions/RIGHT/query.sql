-- The last characters.
SELECT n, RIGHT(s, 2) AS two, RIGHT(s, 0) AS none, RIGHT(s, n) AS a_few
FROM UNNEST([STRUCT(1 AS n, 'abc' AS s), (2, 'xé😀'), (3, 'xe\u0301'), (4, ''), (5, NULL)])
ORDER BY n
