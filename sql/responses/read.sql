-- One row per row of a response table, `response` as JSON: a service that was sent text may give text back.
--
-- responses: the job's response table
SELECT * REPLACE (SAFE.PARSE_JSON(response, wide_number_mode => 'round') AS response)
FROM {{ responses }}
