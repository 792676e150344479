-- The elements of the array at a path as JSON; NULL where there is no array.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON.
SELECT n, JSON_QUERY_ARRAY(j, '$.a') AS items, ARRAY_LENGTH(JSON_QUERY_ARRAY(j)) AS at_the_root
FROM (
  SELECT n, PARSE_JSON(t, wide_number_mode => 'round') AS j
  FROM UNNEST([
    STRUCT(1 AS n, r'{"a": [1, "x", null, {"b": [2]}, [3], 1.50]}' AS t), (2, r'{"a": []}'), (3, r'{"a": {"b": 1}}'),
    (4, r'{"a": null}'), (5, r'[1, 2]'), (6, NULL)
  ])
)
ORDER BY n
