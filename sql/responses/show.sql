-- One row per row of the result, the first by key.
--
-- view: the prompt's view
-- limit: the most rows
SELECT *
FROM {{ view }}
ORDER BY key
LIMIT {{ limit }}
