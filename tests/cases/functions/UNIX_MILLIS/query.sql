-- The milliseconds from the start of 1970 to a moment, rounded down.
SELECT n, UNIX_MILLIS(t) AS milliseconds
FROM UNNEST([STRUCT(1 AS n, TIMESTAMP '2024-02-29 01:02:03.999999' AS t), (2, TIMESTAMP '1969-12-31 23:59:59.999999'), (3, TIMESTAMP '0001-01-01'), (4, NULL)])
ORDER BY n
