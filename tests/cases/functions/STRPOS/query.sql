-- The place of a text in another, from 1; 0 where it is not there.
SELECT n, STRPOS(s, f) AS place
FROM UNNEST([STRUCT(1 AS n, 'abcb' AS s, 'b' AS f), (2, 'abc', 'x'), (3, 'abc', ''), (4, '', ''), (5, 'é😀x', 'x'), (6, 'aB', 'b'), (7, NULL, 'a'), (8, 'a', NULL)])
ORDER BY n
