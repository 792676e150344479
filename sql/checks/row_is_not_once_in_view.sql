-- One row per key that does not stand exactly once in the view.
--
-- rows: the published snapshot
-- view: the prompt's view
SELECT source.key
FROM {{ rows }} AS source
FULL JOIN (
  SELECT key, COUNT(*) AS times
  FROM {{ view }}
  GROUP BY key
) AS shown ON shown.key = source.key
WHERE source.key IS NULL OR IFNULL(shown.times, 0) != 1
