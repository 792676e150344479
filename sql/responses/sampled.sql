-- One row per request of a sample: the first row that asks it, with the text that it asks, as the view reads rows.
--
-- rows: the run's working rows
-- queue: the sample
SELECT
  asking.* EXCEPT (bqb_prompt, bqb_system),
  asking.bqb_prompt AS prompt,
  1 AS bqb_shared
FROM {{ rows }} AS asking
WHERE asking.request_hash IN (SELECT key FROM {{ queue }})
QUALIFY ROW_NUMBER() OVER (PARTITION BY asking.request_hash ORDER BY asking.key) = 1
