-- The number of bytes, of a STRING in UTF-8.
SELECT n, BYTE_LENGTH(s) AS of_string, BYTE_LENGTH(CAST(s AS BYTES)) AS of_bytes
FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'abc'), (3, 'é'), (4, '中'), (5, '😀'), (6, 'e\u0301'), (7, NULL)])
ORDER BY n
