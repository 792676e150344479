-- The SHA-1 digest, as BYTES.
SELECT n, TO_HEX(SHA1(s)) AS hex FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'é😀'), (3, NULL)]) ORDER BY n
