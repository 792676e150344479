-- The MD5 digest, as BYTES.
SELECT n, TO_HEX(MD5(s)) AS hex, MD5(s) AS bytes FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'é😀'), (3, NULL)]) ORDER BY n
