-- No rows: the columns of `__answers`, one row per request, attempt and answer.
SELECT
  '' AS request_hash,
  CAST(NULL AS JSON) AS request,
  CAST(NULL AS JSON) AS response,
  CAST(NULL AS JSON) AS answer,
  '' AS text,
  '' AS status,
  '' AS outcome,
  '' AS error,
  '' AS run_id,
  '' AS job,
  1 AS attempt,
  '' AS model,
  1 AS input_tokens,
  1 AS output_tokens,
  1 AS thought_tokens,
  1 AS cached_tokens,
  CAST(NULL AS NUMERIC) AS input_price,
  CAST(NULL AS NUMERIC) AS output_price,
  CURRENT_TIMESTAMP() AS processed_time,
  CAST(NULL AS NUMERIC) AS cached_price
FROM UNNEST([1]) AS nothing
WHERE FALSE
