-- The JSON at a path; NULL where there is nothing, JSON's null where that is there.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON. Fields keep the order in which they were written.
SELECT
  n,
  JSON_QUERY(j, '$.a') AS field,
  JSON_QUERY(j, '$.a.b[1]') AS item,
  JSON_QUERY(j, '$') AS everything,
  JSON_QUERY(j, '$."the name"') AS quoted,
  JSON_QUERY(j, '$.missing') IS NULL AS missing
FROM (
  SELECT n, PARSE_JSON(t, wide_number_mode => 'round') AS j
  FROM UNNEST([
    STRUCT(1 AS n, r'{"a": {"b": [1, {"c": "é😀"}], "x": null}, "the name": true}' AS t),
    (2, r'{"a": null}'), (3, r'{"a": "text", "a": "again"}'), (4, r'[1, 2]'), (5, r'"scalar"'), (6, 'null'), (7, NULL)
  ])
)
ORDER BY n
