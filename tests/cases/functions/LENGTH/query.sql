-- The number of characters of a STRING, which are Unicode's code points, or of bytes.
SELECT n, LENGTH(s) AS of_string, LENGTH(CAST(s AS BYTES)) AS of_bytes
FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, 'abc'), (3, 'é'), (4, 'e\u0301'), (5, '中文'), (6, '😀'), (7, '👨‍👩‍👧'), (8, '\000\n'), (9, NULL)])
ORDER BY n
