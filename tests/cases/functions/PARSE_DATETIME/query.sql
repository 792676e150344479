-- The DATETIME in a text that looks like a format.
-- Note: the format is a literal, without %F; what GoogleSQL may read beyond it, as a year of five digits, is an error.
SELECT
  PARSE_DATETIME('%Y-%m-%dT%H:%M:%S', s) AS iso,
  PARSE_DATETIME('%d/%m/%Y %I:%M %p', '03/01/2024 12:05 am') AS night,
  PARSE_DATETIME('%d/%m/%Y %I:%M%p', '03/01/2024 1:05PM') AS afternoon,
  PARSE_DATETIME('%H:%M', '04:05') AS clock,
  PARSE_DATETIME('%Y%m%d%H%M%S', '20240103040506') AS digits
FROM UNNEST(['2024-01-03T04:05:06', '2024-01-03T23:59:60', '2024-1-3T4:5:6', NULL]) AS s
ORDER BY s
