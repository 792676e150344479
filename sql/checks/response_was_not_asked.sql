-- One row per response whose key is not in the job's request table.
--
-- requests: the job's request table
-- responses: the job's response table
SELECT key
FROM {{ responses }}
WHERE key IS NULL OR key NOT IN (SELECT key FROM {{ requests }})
