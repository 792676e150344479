-- The TIMESTAMP in a text that looks like a format, in UTC or at an offset.
-- Note: the format is a literal, without %F; what GoogleSQL may read beyond it, as a year of five digits, is an error. No time zone is taken.
SELECT
  s,
  PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%S', s) AS moment,
  PARSE_TIMESTAMP('%Y-%m-%dT%H:%M:%E*SZ', '2024-01-03T04:05:06.789Z') AS fraction,
  PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%S%z', '2024-01-03 04:05:06+0230') AS at_offset,
  PARSE_TIMESTAMP('%Y-%m-%dT%H:%M:%S%Ez', '2024-01-03T04:05:06-02:00') AS at_colon,
  PARSE_TIMESTAMP('%Y-%m-%dT%H:%M:%S%Ez', '2024-01-03T04:05:06Z') AS at_z,
  PARSE_TIMESTAMP('%a, %d %b %Y %H:%M:%S GMT', 'Wed, 03 Jan 2024 04:05:06 GMT') AS mail
FROM UNNEST(['2024-01-03 04:05:06', '2024-01-03 4:5:6', '2024-01-03 23:59:60', NULL]) AS s
ORDER BY s
