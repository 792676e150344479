-- One row per answer that is really there: what a rehearsal does not ask again. What was sent stays behind, as nobody reads it.
--
-- answers: the prompt's real answers
SELECT * REPLACE (CAST(NULL AS JSON) AS request)
FROM {{ answers }}
