-- One row per row whose key is NULL.
--
-- rows: the run's working rows
SELECT key
FROM {{ rows }}
WHERE key IS NULL
