-- JSON written out.
SELECT JSON_VALUE(JSON '{"a": [1, "é😀"]}', '$.a[1]') AS item, JSON_TYPE(JSON 'null') AS kind
