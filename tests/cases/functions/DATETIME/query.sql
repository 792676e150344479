-- The civil time of a moment in UTC, or midnight of a day.
SELECT n, DATETIME(t) AS of_timestamp, DATETIME(DATE(t)) AS of_date, DATETIME(DATETIME(t)) AS of_datetime
FROM UNNEST([
  STRUCT(1 AS n, TIMESTAMP '2024-02-29 23:59:59.999999' AS t), (2, TIMESTAMP '0001-01-01 00:00:00'), (3, NULL)
])
ORDER BY n
