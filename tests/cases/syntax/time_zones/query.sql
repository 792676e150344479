-- A TIMESTAMP on the clock of a time zone, by its name or an offset, in summer and winter.
-- Note: no time zone is taken where a clock is turned to a TIMESTAMP: TIMESTAMP(x, zone), TIMESTAMP_TRUNC(x, DAY, zone).
SELECT
  t,
  DATE(t, 'Europe/Paris') AS date,
  DATETIME(t, 'America/New_York') AS datetime,
  DATETIME(t, '+05:30') AS at_offset,
  DATETIME(t, '-3') AS west,
  DATETIME(t, 'UTC') AS utc,
  FORMAT_TIMESTAMP('%F %H:%M', t, 'Asia/Tokyo') AS text,
  EXTRACT(HOUR FROM t AT TIME ZONE 'Australia/Lord_Howe') AS hour,
  EXTRACT(DATE FROM t AT TIME ZONE 'Asia/Kolkata') AS day,
  DATE_DIFF(CURRENT_DATE('Asia/Tokyo'), CURRENT_DATE(), DAY) IN (0, 1) AS today
FROM UNNEST([
  TIMESTAMP '2024-01-01 23:30:00', TIMESTAMP '2024-07-01 23:30:00', TIMESTAMP '2024-03-31 00:59:59', TIMESTAMP '2024-03-31 01:00:00', TIMESTAMP '2024-10-27 00:30:00',
  TIMESTAMP '2024-10-27 01:30:00', TIMESTAMP '1950-06-01', TIMESTAMP '2100-07-01', NULL
]) AS t
ORDER BY t
