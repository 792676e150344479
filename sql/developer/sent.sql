-- One row per line of a request table that is sent, with the line break at its end.
--
-- lines: the query for the lines
SELECT CONCAT(line, '\n') AS line
FROM (
{{ lines }}
)
WHERE line IS NOT NULL
