-- A time of day as a text.
-- Note: as of FORMAT_DATE.
SELECT t, FORMAT_TIME('%H:%M', t) AS short, FORMAT_TIME('%I:%M:%S %p', t) AS half, FORMAT_TIME('%T|%R|%X|%%', t) AS whole
FROM UNNEST([TIME '00:00:00', TIME '23:59:59.9', TIME '12:34:56.5', NULL]) AS t
ORDER BY t
