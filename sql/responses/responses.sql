-- No rows: the columns of a response table.
SELECT
  '' AS key,
  CAST(NULL AS JSON) AS response,
  '' AS status,
  CURRENT_TIMESTAMP() AS processed_time
FROM UNNEST([1]) AS nothing
WHERE FALSE
