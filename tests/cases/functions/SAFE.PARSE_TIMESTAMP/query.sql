-- As PARSE_TIMESTAMP, but NULL of a text that does not look like it.
-- Note: as of PARSE_TIMESTAMP.
SELECT s, SAFE.PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%S', s) AS moment
FROM UNNEST(['2024-01-03 04:05:06', '2024-01-03 24:00:00', '2024-02-30 01:00:00', '2024-01-03', 'x', '', NULL]) AS s
ORDER BY s
