-- The timestamp so many microseconds after the start of 1970.
SELECT n, TIMESTAMP_MICROS(n) AS t
FROM UNNEST([0, -1, 1700000000123456, NULL]) AS n
ORDER BY n
