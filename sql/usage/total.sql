-- One row per run, prompt, model, day or outcome: its requests, tokens and dollars, and those spent on rows that are not ok.
--
-- usages: the tables or queries of usage, each with its prompt's name
-- by: what is summed up: run_id, prompt, model, day or outcome
-- limit: the most rows; 0 for all
{% from 'macros/cost.sql' import total -%}
SELECT
  {{ by }},
  SUM(requests) AS requests,
  {{ total('input_tokens') }} AS input_tokens,
  {{ total('output_tokens') }} AS output_tokens,
  {{ total('thought_tokens') }} AS thought_tokens,
  {{ total('cached_tokens') }} AS cached_tokens,
  -- Where one price is not known, nor is the sum.
  IF(LOGICAL_OR(cost_usd IS NULL), NULL, SUM(cost_usd)) AS cost_usd,
  IF(LOGICAL_OR(cost_usd IS NULL), NULL, SUM(IF(outcome = 'ok', 0, cost_usd))) AS wasted_usd,
  IF(LOGICAL_OR(cost_usd IS NULL), NULL, CAST(SAFE_DIVIDE(SUM(cost_usd), SUM(IF(outcome = 'ok', requests, 0))) AS NUMERIC)) AS usd_per_ok
FROM (
  {%- for prompt, usage in usages %}
  {{ 'UNION ALL' if not loop.first }}
  SELECT {{ prompt | literal }} AS prompt, * FROM {{ usage }}
  {%- endfor %}
)
GROUP BY {{ by }}
ORDER BY {{ by }}{{ ' DESC' if by in ('run_id', 'day') }}
{%- if limit %}
LIMIT {{ limit }}
{%- endif %}
