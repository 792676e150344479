-- One row per request as the Developer API takes it; one that has no such form stays as it is.
--
-- lines: the query for the lines of a request table
-- requests: the request table
SELECT
  requests.key,
  IF(lines.line IS NULL, requests.request, JSON_QUERY(SAFE.PARSE_JSON(lines.line, wide_number_mode => 'round'), '$.request')) AS request
FROM {{ requests }} AS requests
JOIN (
{{ lines }}
) AS lines ON lines.key = requests.key
