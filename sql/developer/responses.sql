-- One row per result of a job, as a response table has it: a line of its result files, or a request that was not sent.
--
-- lines: the lines of the result files: line_id, file, number, line
-- refused: the SELECT of requests and why they were not sent, as `key` and `refused`
{% from 'macros/results.sql' import results -%}
SELECT key, response, status, processed_time
FROM (
{{ results(lines) }}
)
WHERE reason IS NULL
UNION ALL
SELECT key, NULL, refused, CURRENT_TIMESTAMP()
FROM (
{{ refused }}
)
WHERE refused IS NOT NULL
