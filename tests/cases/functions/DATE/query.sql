-- The day of a moment in UTC, of a civil time, or of a year, a month and a day.
SELECT
  n,
  DATE(t) AS of_timestamp,
  DATE(CAST(t AS DATETIME)) AS of_datetime,
  DATE(DATE(t)) AS of_date,
  DATE(EXTRACT(YEAR FROM t), 2, 28) AS of_parts,
  DATE('2024-2-9') AS of_literal
FROM UNNEST([
  STRUCT(1 AS n, TIMESTAMP '2024-02-29 23:59:59.999999' AS t), (2, TIMESTAMP '0001-01-01 00:00:00'),
  (3, TIMESTAMP '9999-12-31 23:00:00'), (4, TIMESTAMP '2024-01-01 01:00:00+02'), (5, NULL)
])
ORDER BY n
