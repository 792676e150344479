-- The moment in UTC that a text, a day or a civil time means.
-- Note: of text, time zones are read as offsets and UTC, not by name.
SELECT n, TIMESTAMP(s) AS of_text, TIMESTAMP(DATE '2024-02-29') AS of_date, TIMESTAMP(DATETIME '2024-02-29 01:02:03.5') AS of_datetime
FROM UNNEST([
  STRUCT(1 AS n, '2024-02-29' AS s), (2, '2024-02-29 01:02:03.5+02:00'), (3, '2024-2-9T1:2:3Z'), (4, '2024-02-29 23:59:60 UTC'), (5, '2024-01-01 00:00:00-0330'), (6, NULL)
])
ORDER BY n
