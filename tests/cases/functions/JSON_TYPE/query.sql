-- What a JSON value is; of JSON's null 'null', of NULL NULL.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON.
SELECT n, JSON_TYPE(j) AS kind, JSON_TYPE(JSON_QUERY(j, '$.a')) AS kind_of_field, JSON_TYPE(JSON_QUERY(j, '$[0]')) AS kind_of_item
FROM (
  SELECT n, PARSE_JSON(t, wide_number_mode => 'round') AS j
  FROM UNNEST([
    STRUCT(1 AS n, r'{"a": 1}' AS t), (2, r'{"a": 1.5e3}'), (3, r'{"a": "1"}'), (4, r'{"a": false}'), (5, r'{"a": null}'),
    (6, r'{"a": []}'), (7, r'[{}]'), (8, '1'), (9, '-1'), (10, '12345678901234567890'), (11, 'null'), (12, '"x"'), (13, 'true'), (14, NULL)
  ])
)
ORDER BY n
