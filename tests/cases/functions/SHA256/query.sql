-- The SHA-256 digest, as BYTES.
SELECT n, TO_HEX(SHA256(s)) AS hex, SHA256(s) AS bytes, LENGTH(SHA256(s)) AS length, TO_HEX(SHA256(CAST(s AS BYTES))) AS of_bytes
FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'abc'), (3, 'é😀'), (4, NULL)])
ORDER BY n
