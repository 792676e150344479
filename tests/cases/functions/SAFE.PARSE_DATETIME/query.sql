-- As PARSE_DATETIME, but NULL of a text that does not look like it.
-- Note: as of PARSE_DATE.
SELECT s, SAFE.PARSE_DATETIME('%Y-%m-%d %H:%M:%S', s) AS moment
FROM UNNEST(['2024-01-03 04:05:06', '2024-01-03 24:00:00', '2024-01-03 23:60:00', '2024-01-03', 'x', '2024-01-03 04:05:06Z', NULL]) AS s
ORDER BY s
