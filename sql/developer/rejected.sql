-- One row per line that is no result, the first ones: the reason why, and how many there are in all.
--
-- results: the results of an import
-- limit: how many are shown
SELECT file, number, reason, COUNT(*) OVER () AS wrong
FROM {{ results }}
WHERE reason IS NOT NULL
ORDER BY file, number
LIMIT {{ limit }}
