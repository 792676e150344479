-- A civil time moved by parts from years to microseconds; the last day of a month stays in its month.
SELECT
  n,
  DATETIME_ADD(t, INTERVAL 1 YEAR) AS a_year,
  DATETIME_ADD(t, INTERVAL 1 MONTH) AS a_month,
  DATETIME_ADD(t, INTERVAL -1 QUARTER) AS a_quarter_less,
  DATETIME_ADD(t, INTERVAL n WEEK) AS n_weeks,
  DATETIME_ADD(t, INTERVAL 36 HOUR) AS hours,
  DATETIME_ADD(t, INTERVAL 1 MICROSECOND) AS a_microsecond
FROM UNNEST([STRUCT(1 AS n, DATETIME '2024-02-29 23:59:59.999999' AS t), (2, DATETIME '2023-12-31 00:00:00'), (3, NULL)])
ORDER BY n
