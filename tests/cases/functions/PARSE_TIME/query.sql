-- The time of day in a text that looks like a format.
-- Note: the format is a literal, without %F; what GoogleSQL may read beyond it, as a year of five digits, is an error.
SELECT s, PARSE_TIME('%H:%M', s) AS short, PARSE_TIME('%T', '04:05:06') AS whole, PARSE_TIME('%I:%M %p', '12:30 AM') AS night, PARSE_TIME('%H:%M:%E*S', '04:05:06.789') AS fraction
FROM UNNEST(['4:5', '04:05', ' 23:59 ', NULL]) AS s
ORDER BY s
