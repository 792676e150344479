-- One row: how many requests a job had, and how many of them it answered.
--
-- requests: the job's request table
-- answers: the prompt's answers
-- job: the job's name
SELECT COUNT(*) AS requests, COUNT(answered.request_hash) AS answered
FROM {{ requests }} AS requests
LEFT JOIN (
  SELECT DISTINCT request_hash
  FROM {{ answers }}
  WHERE job = {{ job | literal }}
) AS answered ON answered.request_hash = requests.key
