-- SAFE_CAST of text to dates and times takes what GoogleSQL takes, NULL else. The 60th second is the first of the next minute.
-- Note: a time zone by its name is not read, but UTC and offsets are.
SELECT s, SAFE_CAST(s AS DATE) AS date, SAFE_CAST(s AS TIME) AS time, SAFE_CAST(s AS DATETIME) AS datetime, SAFE_CAST(s AS TIMESTAMP) AS timestamp
FROM UNNEST([
  '', '2024-02-29', '2023-02-29', '2024-2-9', '24-01-01', '0000-01-01', '0001-01-01', '9999-12-31', '10000-01-01', '20240101', ' 2024-01-01', '2024/01/01', '2024-01-01 ',
  '2024-01-01T01:02:03', '2024-01-01 1:2:3', '2024-01-01 24:00:00', '2024-01-01 23:59:60', '2024-01-01 23:59:59.5', '2024-01-01 23:59:59.1234567', '2024-01-01 01:02',
  '2024-01-01 01:02:03Z', '2024-01-01 01:02:03 UTC', '2024-01-01 01:02:03+05:30', '2024-01-01 01:02:03-8', '2024-01-01 01:02:03+0530', '2024-01-01 01:02:03+14:01',
  '2024-01-01+02', '2024-01-01 +02:00', '2024-01-01Z', '0001-01-01 00:00:00+01', '01:02:03', '1:2:3.5', '24:00:00', '23:59:60', '01:02', '01:02:03 PM', 'now', 'infinity', NULL
]) AS s
ORDER BY s
