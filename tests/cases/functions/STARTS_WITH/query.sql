-- Whether a text starts with another one.
SELECT n, STARTS_WITH(s, b) AS starts
FROM UNNEST([STRUCT(1 AS n, 'abc' AS s, 'ab' AS b), (2, 'abc', ''), (3, '', 'a'), (4, '😀x', '😀'), (5, 'e\u0301', 'e'), (6, 'Ab', 'a'), (7, NULL, 'a'), (8, 'a', NULL)])
ORDER BY n
