-- The first characters.
SELECT n, LEFT(s, 2) AS two, LEFT(s, 0) AS none, LEFT(s, n) AS a_few
FROM UNNEST([STRUCT(1 AS n, 'abc' AS s), (2, 'é😀x'), (3, 'e\u0301x'), (4, ''), (5, NULL)])
ORDER BY n
