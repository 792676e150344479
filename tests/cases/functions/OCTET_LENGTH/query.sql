-- How many bytes a text has in UTF-8, or BYTES.
SELECT n, OCTET_LENGTH(s) AS of_text, OCTET_LENGTH(CAST(s AS BYTES)) AS of_bytes
FROM UNNEST([STRUCT(1 AS n, 'aé😀' AS s), (2, ''), (3, NULL)])
ORDER BY n
