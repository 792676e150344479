-- One row: what one run, or one job of it, asked, used and cost; NULL dollars where no price is known.
--
-- answers: the prompt's answers
-- run_id: the run
-- job: the job's name; nothing for all of them
{% from 'macros/cost.sql' import millionths, total -%}
SELECT
  COUNT(DISTINCT request_hash) AS requests,
  COUNTIF(input_tokens IS NOT NULL) AS answered,
  IFNULL({{ total('input_tokens') }}, 0) AS input_tokens,
  IFNULL({{ total('NUMERIC \'0\' + IFNULL(output_tokens, 0) + IFNULL(thought_tokens, 0)') }}, 0) AS output_tokens,
  IF(
    COUNT(*) = 0,
    0,
    CAST(SUM(millionths) * NUMERIC '0.000001' AS NUMERIC)
  ) AS cost_usd
FROM (
  SELECT request_hash, input_tokens, output_tokens, thought_tokens, {{ millionths() }} AS millionths
  FROM {{ answers }}
  WHERE run_id = {{ run_id | literal }}
  {%- if job %}
    AND job = {{ job | literal }}
  {%- endif %}
)
