-- One row per source row: the snapshot that the view reads, without the texts of the prompts.
--
-- rows: the run's working rows
SELECT
  source.* EXCEPT (bqb_prompt, bqb_system),
  -- How many rows share the request: with it here, the view needs no window over all rows.
  IFNULL(shared.times, 1) AS bqb_shared
FROM {{ rows }} AS source
LEFT JOIN (
  SELECT request_hash, COUNT(*) AS times
  FROM {{ rows }}
  GROUP BY request_hash
  HAVING COUNT(*) > 1
) AS shared ON shared.request_hash = source.request_hash
