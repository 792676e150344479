-- One row per key that stands more than once, with how often.
--
-- rows: the run's working rows
SELECT key, COUNT(*) AS times
FROM {{ rows }}
WHERE key IS NOT NULL
GROUP BY key
HAVING COUNT(*) > 1
ORDER BY key
