-- How many borders between parts of the calendar lie between two days; weeks start on Sunday, or as said.
SELECT
  n,
  DATE_DIFF(a, b, DAY) AS days,
  DATE_DIFF(a, b, WEEK) AS weeks,
  DATE_DIFF(a, b, WEEK(MONDAY)) AS weeks_from_monday,
  DATE_DIFF(a, b, ISOWEEK) AS iso_weeks,
  DATE_DIFF(a, b, MONTH) AS months,
  DATE_DIFF(a, b, QUARTER) AS quarters,
  DATE_DIFF(a, b, YEAR) AS years,
  DATE_DIFF(a, b, ISOYEAR) AS iso_years
FROM UNNEST([
  STRUCT(1 AS n, DATE '2024-03-01' AS a, DATE '2024-02-29' AS b), (2, DATE '2023-12-31', DATE '2025-01-01'),
  (3, DATE '2024-03-03', DATE '2024-03-02'), (4, DATE '9999-12-31', DATE '0001-01-01'), (5, NULL, DATE '2024-01-01')
])
ORDER BY n
