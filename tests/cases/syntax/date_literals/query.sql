-- DATE, DATETIME, TIME and TIMESTAMP written out; a timestamp without a zone is in UTC.
SELECT
  DATE '2024-2-9' AS short_date,
  DATETIME '2024-02-29T01:02:03.5' AS datetime,
  DATETIME '2024-02-29' AS midnight,
  TIME '1:2:3' AS short_time,
  TIME '23:59:59.999999' AS time,
  TIMESTAMP '2024-02-29' AS day,
  TIMESTAMP '2024-02-29 01:02:03+02' AS with_offset,
  TIMESTAMP '2024-02-29T01:02:03-08:30' AS with_minutes,
  TIMESTAMP '2024-02-29 01:02:03.123456Z' AS zulu
