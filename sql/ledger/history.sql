-- One row per run, the latest first: when it was and what it came to.
--
-- runs: the view of runs
-- prompt: the prompt's name, or nothing for all
-- limit: the most rows
SELECT
  run_id,
  prompt,
  state,
  started,
  TIMESTAMP_DIFF(ended, started, MILLISECOND) / 1000 AS seconds,
  model,
  row_count,
  requests,
  reused,
  SAFE.PARSE_JSON(outcomes, wide_number_mode => 'round') AS outcomes,
  input_tokens,
  output_tokens,
  planned_usd,
  cost_usd,
  message
FROM {{ runs }}
{%- if prompt %}
WHERE prompt = {{ prompt | literal }}
{%- endif %}
ORDER BY run_id DESC
LIMIT {{ limit }}
