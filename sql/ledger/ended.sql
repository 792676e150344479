-- One row per run: whether it ended, or may go on, and how many of its jobs may have answers that nobody has collected.
--
-- runs: the view of runs
-- jobs: the view of jobs
SELECT
  run.run_id,
  run.prompt,
  run.state,
  COUNTIF(job.state != 'collected') AS uncollected,
  -- An export has no claim. One that wrote nothing for a day was killed.
  run.state = 'exporting' AND ANY_VALUE(run.last_event) > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY) AS exporting
FROM {{ runs }} AS run
LEFT JOIN {{ jobs }} AS job ON job.run_id = run.run_id
GROUP BY run.run_id, run.prompt, run.state
ORDER BY run.run_id
