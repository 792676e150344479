-- The first day of the part of the calendar that a day is in; weeks start on Sunday, or as said.
SELECT
  n,
  DATE_TRUNC(d, DAY) AS day,
  DATE_TRUNC(d, WEEK) AS week,
  DATE_TRUNC(d, WEEK(THURSDAY)) AS week_from_thursday,
  DATE_TRUNC(d, ISOWEEK) AS iso_week,
  DATE_TRUNC(d, MONTH) AS month,
  DATE_TRUNC(d, QUARTER) AS quarter,
  DATE_TRUNC(d, YEAR) AS year,
  DATE_TRUNC(d, ISOYEAR) AS iso_year
FROM UNNEST([
  STRUCT(1 AS n, DATE '2024-02-29' AS d), (2, DATE '2024-12-31'), (3, DATE '2023-01-01'), (4, DATE '9999-12-31'), (5, NULL)
])
ORDER BY n
