-- One row per run, the latest first: how it ended, what it was planned to cost, and what it used and cost, finished or not.
--
-- runs: the view of runs
-- total: the query for what each run used, by its id
-- prompt: the prompt's name, or nothing for all
-- limit: the most rows; 0 for all
SELECT
  COALESCE(run.run_id, used.run_id) AS run_id,
  run.state,
  IFNULL(used.requests, 0) AS requests,
  used.input_tokens,
  used.output_tokens,
  used.thought_tokens,
  used.cached_tokens,
  run.planned_usd,
  -- A run without an answer has cost nothing; of one with answers the price may not be known.
  IF(used.run_id IS NULL, 0, used.cost_usd) AS cost_usd,
  IF(used.run_id IS NULL, 0, used.wasted_usd) AS wasted_usd,
  used.usd_per_ok
FROM (
  SELECT run_id, state, planned_usd
  FROM {{ runs }}
  {%- if prompt %}
  WHERE prompt = {{ prompt | literal }}
  {%- endif %}
) AS run
FULL JOIN (
{{ total }}
) AS used ON used.run_id = run.run_id
ORDER BY run_id DESC
{%- if limit %}
LIMIT {{ limit }}
{%- endif %}
