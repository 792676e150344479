-- No rows: the columns of `bqbatch_log`, one row per event of a run.
SELECT
  '' AS event_id,
  '' AS run_id,
  '' AS prompt,
  '' AS event,
  1 AS shard,
  1 AS attempt,
  CURRENT_TIMESTAMP() AS time,
  CAST(NULL AS JSON) AS details
FROM UNNEST([1]) AS nothing
WHERE FALSE
