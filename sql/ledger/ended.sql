-- One row per run: whether it ended, and how many of its jobs may have answers that nobody has collected.
--
-- runs: the view of runs
-- jobs: the view of jobs
SELECT run.run_id, run.prompt, run.state, COUNTIF(job.state != 'collected') AS uncollected
FROM {{ runs }} AS run
LEFT JOIN {{ jobs }} AS job ON job.run_id = run.run_id
GROUP BY run.run_id, run.prompt, run.state
ORDER BY run.run_id
