-- One row per run that goes on, has answers to collect or was exported, and per prompt its latest run; the latest first.
--
-- runs: the view of runs
-- jobs: the view of jobs
-- prompt: the prompt's name, or nothing for all
-- limit: the most rows
SELECT
  run.run_id,
  run.prompt,
  run.state,
  run.target,
  run.model,
  run.row_count,
  run.requests,
  run.ok,
  IFNULL(job.uncollected, 0) AS uncollected,
  run.last_event,
  run.message
FROM {{ runs }} AS run
LEFT JOIN (
  SELECT run_id, COUNTIF(state != 'collected') AS uncollected
  FROM {{ jobs }}
  GROUP BY run_id
) AS job ON job.run_id = run.run_id
JOIN (
  SELECT prompt, MAX(run_id) AS run_id
  FROM {{ runs }}
  GROUP BY prompt
) AS latest ON latest.prompt = run.prompt
WHERE (run.run_id = latest.run_id OR run.state IN ('open', 'exporting', 'exported') OR job.uncollected > 0)
{%- if prompt %}
  AND run.prompt = {{ prompt | literal }}
{%- endif %}
ORDER BY run.run_id DESC
LIMIT {{ limit }}
