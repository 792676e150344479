-- One row per run, with what the log says became of it.
--
-- log: the log table
SELECT
  run_id,
  ANY_VALUE(prompt) AS prompt,
  CASE
    WHEN LOGICAL_OR(event = 'finished') THEN 'finished'
    WHEN LOGICAL_OR(event = 'settled') THEN 'stopped'
    WHEN LOGICAL_OR(event = 'failed') THEN 'failed'
    WHEN LOGICAL_OR(event = 'exported') THEN 'exported'
    -- Its files are being written, or it was killed on its way: either way nobody has them all.
    WHEN LOGICAL_OR(event = 'started' AND IFNULL(JSON_VALUE(details, '$.export'), 'false') = 'true') THEN 'exporting'
    ELSE 'open'
  END AS state,
  MIN(time) AS started,
  MAX(time) AS last_event,
  MAX(IF(event IN ('finished', 'failed'), time, NULL)) AS ended,
  MAX(IF(event = 'started', JSON_VALUE(details, '$.file'), NULL)) AS file,
  MAX(IF(event = 'started', JSON_VALUE(details, '$.target'), NULL)) AS target,
  MAX(IF(event = 'started', JSON_VALUE(details, '$.model'), NULL)) AS model,
  MAX(IF(event = 'started', JSON_VALUE(details, '$.output'), NULL)) AS output,
  MAX(SAFE_CAST(IF(event = 'started', JSON_VALUE(details, '$.max_attempts'), NULL) AS INT64)) AS max_attempts,
  MAX(SAFE_CAST(IF(event = 'started', JSON_VALUE(details, '$.shard_size'), NULL) AS INT64)) AS shard_size,
  LOGICAL_OR(event = 'started' AND IFNULL(JSON_VALUE(details, '$.online'), 'false') = 'true') AS online,
  MAX(IF(event = 'started', TO_JSON_STRING(JSON_QUERY(details, '$.price')), NULL)) AS price,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.rows'), NULL) AS INT64)) AS row_count,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.requests'), NULL) AS INT64)) AS requests,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.estimated_input_tokens'), NULL) AS INT64)) AS estimated_input_tokens,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.ratio'), NULL) AS NUMERIC)) AS ratio,
  MAX(SAFE_CAST(IF(event = 'finished', JSON_VALUE(details, '$.reused'), NULL) AS INT64)) AS reused,
  MAX(SAFE_CAST(IF(event = 'finished', JSON_VALUE(details, '$.ok'), NULL) AS INT64)) AS ok,
  MAX(IF(event = 'finished', TO_JSON_STRING(JSON_QUERY(details, '$.outcomes')), NULL)) AS outcomes,
  MAX(SAFE_CAST(IF(event = 'finished', JSON_VALUE(details, '$.input_tokens'), NULL) AS INT64)) AS input_tokens,
  MAX(SAFE_CAST(IF(event = 'finished', JSON_VALUE(details, '$.output_tokens'), NULL) AS INT64)) AS output_tokens,
  MAX(SAFE_CAST(IF(event = 'finished', JSON_VALUE(details, '$.cost_usd'), NULL) AS NUMERIC)) AS cost_usd,
  MAX(IF(event IN ('failed', 'halted'), JSON_VALUE(details, '$.message'), NULL)) AS message,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.input_tokens'), NULL) AS INT64)) AS planned_input_tokens,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.output_likely'), NULL) AS INT64)) AS planned_output_tokens,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.usd_low'), NULL) AS NUMERIC)) AS planned_usd_low,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.usd_likely'), NULL) AS NUMERIC)) AS planned_usd,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.usd_high'), NULL) AS NUMERIC)) AS planned_usd_high,
  MAX(SAFE_CAST(IF(event = 'planned', JSON_VALUE(details, '$.max_cost'), NULL) AS NUMERIC)) AS max_cost,
  MAX(SAFE_CAST(IF(event = 'exported', JSON_VALUE(details, '$.counts.refused'), NULL) AS INT64)) AS refused
FROM {{ log }}
GROUP BY run_id
