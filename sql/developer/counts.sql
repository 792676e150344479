-- One row: the lines of an import, how many are no results, and how many are to be stored.
--
-- results: the results of the import
-- matches: which run stores which of them
SELECT
  COUNT(*) AS line_count,
  COUNTIF(reason IS NOT NULL) AS malformed,
  COUNTIF(line_id IN (SELECT line_id FROM {{ matches }})) AS answered
FROM {{ results }}
