-- A moment in UTC as the format says; fractions of a second are cut off.
SELECT n, FORMAT_TIMESTAMP('%F %T', t) AS iso, FORMAT_TIMESTAMP('%A, %d %B %Y %R %p', t) AS words
FROM UNNEST([STRUCT(1 AS n, TIMESTAMP '2024-02-29 23:59:59.999999' AS t), (2, TIMESTAMP '1969-12-31 00:00:00+01'), (3, NULL)])
ORDER BY n
