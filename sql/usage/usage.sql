-- One row per run, model, day and outcome: requests, tokens and dollars, each request counted once.
--
-- answers: the prompt's answers
{% from 'macros/cost.sql' import millionths, total -%}
SELECT
  run_id,
  model,
  DATE(processed_time) AS day,
  outcome,
  COUNT(DISTINCT request_hash) AS requests,
  {{ total('input_tokens') }} AS input_tokens,
  {{ total('output_tokens') }} AS output_tokens,
  {{ total('thought_tokens') }} AS thought_tokens,
  {{ total('cached_tokens') }} AS cached_tokens,
  CAST(SUM({{ millionths() }}) * NUMERIC '0.000001' AS NUMERIC) AS cost_usd
FROM {{ answers }}
GROUP BY run_id, model, day, outcome
