-- The number of characters, as LENGTH counts them.
SELECT n, CHAR_LENGTH(s) AS length FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'é😀'), (3, 'e\u0301'), (4, NULL)]) ORDER BY n
