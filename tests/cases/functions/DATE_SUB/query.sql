-- A day moved back; the last day of a month stays in its month.
SELECT n, DATE_SUB(d, INTERVAL 1 DAY) AS a_day, DATE_SUB(d, INTERVAL 1 MONTH) AS a_month, DATE_SUB(d, INTERVAL 4 YEAR) AS years
FROM UNNEST([STRUCT(1 AS n, DATE '2024-03-31' AS d), (2, DATE '2024-02-29'), (3, DATE '2024-01-01'), (4, NULL)])
ORDER BY n
