-- The BYTES that hex digits stand for.
SELECT n, FROM_HEX(s) AS bytes
FROM UNNEST([STRUCT(1 AS n, '00ff' AS s), (2, ''), (3, 'C3a9'), (4, NULL)])
ORDER BY n
