-- One row per line that is no result, as a line of JSON with its end: what is not UTF-8 is in it as Base64.
--
-- results: the results of an import
SELECT
  CONCAT(
    '{"file":', TO_JSON_STRING(file), ',"number":', TO_JSON_STRING(number), ',"reason":', TO_JSON_STRING(reason),
    IF(text IS NULL, CONCAT(',"base64":', TO_JSON_STRING(TO_BASE64(line))), CONCAT(',"line":', TO_JSON_STRING(text))),
    '}\n'
  ) AS line
FROM (
  SELECT *, SAFE_CAST(line AS STRING) AS text
  FROM {{ results }}
  WHERE reason IS NOT NULL
)
ORDER BY file, number
