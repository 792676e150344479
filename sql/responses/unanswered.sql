-- One row per request of a job that has no response yet.
--
-- requests: the job's request table
-- responses: the job's response table
SELECT key, TO_JSON_STRING(request) AS request
FROM {{ requests }}
WHERE key NOT IN (SELECT key FROM {{ responses }} WHERE key IS NOT NULL)
ORDER BY key
