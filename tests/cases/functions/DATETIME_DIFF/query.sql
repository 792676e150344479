-- How many borders between parts lie between two civil times.
SELECT
  n,
  DATETIME_DIFF(a, b, DAY) AS days,
  DATETIME_DIFF(a, b, WEEK) AS weeks,
  DATETIME_DIFF(a, b, MONTH) AS months,
  DATETIME_DIFF(a, b, YEAR) AS years,
  DATETIME_DIFF(a, b, HOUR) AS hours,
  DATETIME_DIFF(a, b, SECOND) AS seconds,
  DATETIME_DIFF(a, b, MICROSECOND) AS microseconds
FROM UNNEST([
  STRUCT(1 AS n, DATETIME '2024-01-01 00:00:00' AS a, DATETIME '2023-12-31 23:59:59.999999' AS b),
  (2, DATETIME '2024-02-29 10:00:00', DATETIME '2024-03-31 09:59:59'), (3, NULL, DATETIME '2024-01-01 00:00:00')
])
ORDER BY n
