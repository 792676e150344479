-- One row per outcome of what an import brought home for a run.
--
-- answers: the prompt's answers
-- job: the job's name
SELECT outcome, COUNT(*) AS requests
FROM {{ answers }}
WHERE job = {{ job | literal }}
GROUP BY outcome
ORDER BY requests DESC, outcome
