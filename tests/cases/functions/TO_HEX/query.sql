-- BYTES as hex digits.
SELECT n, TO_HEX(CAST(s AS BYTES)) AS of_text, TO_HEX(SHA256(s)) AS of_digest, TO_HEX(FROM_HEX('00FF')) AS of_hex
FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'a\000'), (3, 'é😀'), (4, NULL)])
ORDER BY n
