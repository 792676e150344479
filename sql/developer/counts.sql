-- One row: the lines of an import, how many are no results, how many are stored, and how many answers are to be stored now.
--
-- results: the results of the import
-- matches: which run stores which of them
-- turn: which of them now
SELECT
  COUNT(*) AS line_count,
  COUNTIF(reason IS NOT NULL) AS malformed,
  COUNTIF(line_id IN (SELECT line_id FROM {{ matches }})) AS answered,
  (SELECT COUNT(*) FROM {{ matches }} WHERE turn = {{ turn }}) AS matched
FROM {{ results }}
