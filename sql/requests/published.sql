-- One row per source row: the snapshot that the view reads, without the texts of the prompts.
--
-- rows: the run's working rows
SELECT * EXCEPT (bqb_prompt, bqb_system)
FROM {{ rows }}
