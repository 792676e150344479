-- One row per run, the latest first.
--
-- runs: the view of runs
-- prompt: the prompt's name, or nothing for all
-- limit: the most rows
SELECT run_id, prompt, state, target, model, row_count, requests, ok, cost_usd, last_event, message
FROM {{ runs }}
{%- if prompt %}
WHERE prompt = {{ prompt | literal }}
{%- endif %}
ORDER BY run_id DESC
LIMIT {{ limit }}
