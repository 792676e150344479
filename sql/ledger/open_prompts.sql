-- One row per prompt with a run that neither finished nor was settled, or with answers that nobody has collected.
--
-- runs: the view of runs
-- jobs: the view of jobs
SELECT prompt
FROM {{ runs }}
WHERE state = 'open'
UNION DISTINCT
SELECT prompt
FROM {{ jobs }}
WHERE state != 'collected'
ORDER BY prompt
