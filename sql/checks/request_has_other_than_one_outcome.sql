-- One row per request of a finished job that does not have exactly one answer from it.
--
-- requests: the job's request table
-- answers: the prompt's answers
-- job: the job's name
SELECT requests.key
FROM {{ requests }} AS requests
LEFT JOIN (
  SELECT request_hash, COUNT(*) AS times
  FROM {{ answers }}
  WHERE job = {{ job | literal }}
  GROUP BY request_hash
) AS answered ON answered.request_hash = requests.key
WHERE IFNULL(answered.times, 0) != 1
