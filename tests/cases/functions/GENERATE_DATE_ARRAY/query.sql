-- Days from one to another, in steps of days or weeks.
SELECT
  n,
  GENERATE_DATE_ARRAY(a, b) AS days,
  GENERATE_DATE_ARRAY(a, b, INTERVAL 2 DAY) AS every_other,
  GENERATE_DATE_ARRAY(b, a, INTERVAL -1 WEEK) AS weeks_back
FROM UNNEST([STRUCT(1 AS n, DATE '2024-02-27' AS a, DATE '2024-03-01' AS b), (2, DATE '2024-01-02', DATE '2024-01-01'), (3, NULL, DATE '2024-01-01')])
ORDER BY n
