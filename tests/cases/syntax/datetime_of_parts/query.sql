-- DATETIME of numbers, of a date and a time, of text.
SELECT n, DATETIME(y, 2, d, 23, 59, s) AS of_numbers, DATETIME(DATE '2024-01-02', TIME '03:04:05.6') AS of_both, DATETIME('2024-01-02 03:04:05') AS of_text
FROM UNNEST([STRUCT(1 AS n, 2024 AS y, 29 AS d, 0 AS s), (2, 1, 1, 60), (3, NULL, 1, 1)])
ORDER BY n
