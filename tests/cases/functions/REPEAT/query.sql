-- A text a number of times.
SELECT n, REPEAT(s, 3) AS three, REPEAT(s, 0) AS none, REPEAT(s, n) AS a_few
FROM UNNEST([STRUCT(1 AS n, 'ab' AS s), (2, 'é😀'), (3, ''), (4, NULL)])
ORDER BY n
