-- The last day of the part of the calendar that a day is in, the month unless said.
SELECT n, LAST_DAY(d) AS of_month, LAST_DAY(d, YEAR) AS of_year, LAST_DAY(d, QUARTER) AS of_quarter, LAST_DAY(d, WEEK) AS of_week, LAST_DAY(d, WEEK(MONDAY)) AS of_week_from_monday
FROM UNNEST([STRUCT(1 AS n, DATE '2024-02-05' AS d), (2, DATE '2023-12-31'), (3, DATE '2024-03-03'), (4, NULL)])
ORDER BY n
