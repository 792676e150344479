-- A day moved by days, weeks, months, quarters or years; the last day of a month stays in its month.
SELECT
  n,
  DATE_ADD(d, INTERVAL 1 DAY) AS a_day,
  DATE_ADD(d, INTERVAL n WEEK) AS n_weeks,
  DATE_ADD(d, INTERVAL 1 MONTH) AS a_month,
  DATE_ADD(d, INTERVAL 1 QUARTER) AS a_quarter,
  DATE_ADD(d, INTERVAL 1 YEAR) AS a_year,
  DATE_ADD(d, INTERVAL -(n + 1) DAY) AS back
FROM UNNEST([
  STRUCT(1 AS n, DATE '2024-01-31' AS d), (2, DATE '2024-02-29'), (3, DATE '2023-12-31'), (4, DATE '1900-02-28'), (5, NULL)
])
ORDER BY n
