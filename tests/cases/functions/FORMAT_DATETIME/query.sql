-- A civil time as the format says.
SELECT n, FORMAT_DATETIME('%Y-%m-%d %H:%M:%S', t) AS iso, FORMAT_DATETIME('%I:%M %p, %b %d', t) AS words
FROM UNNEST([STRUCT(1 AS n, DATETIME '2024-02-29 00:05:09.999' AS t), (2, DATETIME '2024-02-29 13:00:00'), (3, NULL)])
ORDER BY n
