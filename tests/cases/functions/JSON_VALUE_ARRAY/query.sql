-- The texts of an array of scalars at a path; NULL where it is no array or holds more than scalars.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON.
SELECT n, ARRAY_LENGTH(JSON_VALUE_ARRAY(j, '$.a')) AS length, ARRAY_TO_STRING(JSON_VALUE_ARRAY(j, '$.a'), '|', 'NULL') AS items
FROM (
  SELECT n, PARSE_JSON(t, wide_number_mode => 'round') AS j
  FROM UNNEST([
    STRUCT(1 AS n, r'{"a": ["x", 1.50, null, true, "é😀"]}' AS t), (2, r'{"a": []}'), (3, r'{"a": ["x", {}]}'), (4, r'{"a": "x"}'), (5, NULL)
  ])
)
ORDER BY n
