-- BYTES as base64.
SELECT n, TO_BASE64(CAST(s AS BYTES)) AS of_text, TO_BASE64(SHA256(s)) AS of_digest
FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'a'), (3, 'é😀'), (4, NULL)])
ORDER BY n
