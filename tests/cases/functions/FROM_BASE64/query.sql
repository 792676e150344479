-- The BYTES that a base64 text stands for.
SELECT n, FROM_BASE64(s) AS bytes, CAST(FROM_BASE64(s) AS STRING) AS text
FROM UNNEST([STRUCT(1 AS n, 'YWJj' AS s), (2, ''), (3, 'w6nwn5iA'), (4, 'AA=='), (5, NULL)])
ORDER BY n
