-- One row: what a run has before it and what it will ask.
--
-- rows: the run's working rows
-- queue: what is asked of them
SELECT
  COUNT(*) AS row_count,
  COUNTIF(request_hash IS NULL) AS skipped,
  COUNT(DISTINCT request_hash) AS distinct_requests,
  (SELECT COUNT(*) FROM {{ queue }}) AS to_ask
FROM {{ rows }}
