-- A time of day of hour, minute and second, or of a DATETIME or TIMESTAMP.
-- Note: no time zone is taken.
SELECT n, TIME(h, 30, s) AS of_numbers, TIME(DATETIME '2024-01-02 03:04:05.000006') AS of_datetime, TIME(TIMESTAMP '2024-01-02 23:30:00+01') AS of_timestamp
FROM UNNEST([STRUCT(1 AS n, 0 AS h, 0 AS s), (2, 23, 59), (3, 5, 60), (4, NULL, 1)])
ORDER BY n
