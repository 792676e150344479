-- JSON without the fields at some paths; what has no such field stays as it is.
-- Note: takes fields, as $.name, not items of arrays.
SELECT
  n,
  JSON_REMOVE(j, '$.a') AS one,
  JSON_REMOVE(j, '$.a.b', '$.c', '$."the name"') AS several,
  JSON_REMOVE(j, '$.a', '$.a.b', '$.a.b.d') AS inside_of_another,
  TO_JSON_STRING(JSON_REMOVE(JSON_QUERY(j, '$.a'), '$.b')) AS of_a_part
FROM (
  SELECT n, PARSE_JSON(t, wide_number_mode => 'round') AS j
  FROM UNNEST([
    STRUCT(1 AS n, r'{"a": {"b": {"d": [1, null]}, "x": null}, "c": null, "the name": true, "e": [{"a": null}, 0.5, "é😀"]}' AS t),
    (2, r'{"a": null}'), (3, r'{"a": "text", "ab": {"b": 1}}'), (4, r'[{"a": 1}]'), (5, r'"a"'), (6, 'null'), (7, NULL),
    (8, '{}'), (9, r'{"a": [{"b": 1}], "c": {"a": 1}}')
  ])
)
ORDER BY n
