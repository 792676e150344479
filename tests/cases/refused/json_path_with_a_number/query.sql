-- In GoogleSQL $.a.0 is an item or a field.
SELECT JSON_VALUE(JSON '{"a": [1]}', '$.a.0') AS x
