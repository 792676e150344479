-- CAST between STRING and BYTES takes the UTF-8 as it is.
SELECT n, CAST(s AS BYTES) AS bytes, CAST(CAST(s AS BYTES) AS STRING) AS back
FROM UNNEST([STRUCT(1 AS n, '' AS s), (2, r'a\x41'), (3, 'é😀\000'), (4, NULL)])
ORDER BY n
