-- + and - of a whole number of days, and of an INTERVAL, which makes a DATE a DATETIME.
SELECT n, d + 1 AS tomorrow, d - 1 AS yesterday, d + INTERVAL 1 MONTH AS next_month, t - INTERVAL 90 MINUTE AS earlier, t + INTERVAL n DAY AS later
FROM UNNEST([STRUCT(1 AS n, DATE '2024-01-31' AS d, TIMESTAMP '2024-03-01 00:00:00' AS t), (2, DATE '2024-02-29', TIMESTAMP '1970-01-01 00:00:00'), (3, NULL, NULL)])
ORDER BY n
