-- One row per outcome, with its rows and how many of them were answered by an earlier run.
--
-- view: the prompt's view
-- run_id: the run that published
SELECT
  _outcome AS outcome,
  COUNT(*) AS row_count,
  COUNTIF(_run_id != {{ run_id | literal }}) AS reused
FROM {{ view }}
GROUP BY _outcome
ORDER BY row_count DESC, outcome
