-- One row per outcome of what an import brought home for a run.
--
-- answers: the prompt's answers
-- run_id: the run
-- jobs: the jobs of the run that it was brought home as
SELECT outcome, COUNT(*) AS requests
FROM {{ answers }}
WHERE run_id = {{ run_id | literal }}
  AND job IN ({% for job in jobs %}{{ job | literal }}, {% endfor %}'')
GROUP BY outcome
ORDER BY requests DESC, outcome
