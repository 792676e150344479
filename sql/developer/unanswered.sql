-- One row: how many requests of an exported run have no answer, by itself or by a later run; one to ask again is none.
--
-- queue: what the run asks
-- answers: the prompt's answers
-- run_id: the run
SELECT COUNT(*) AS unanswered
FROM {{ queue }}
WHERE key NOT IN (
  SELECT request_hash
  FROM {{ answers }}
  WHERE run_id >= {{ run_id | literal }} AND outcome NOT IN ('missing', 'retryable')
)
