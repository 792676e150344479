-- Items of arrays are not removed.
SELECT JSON_REMOVE(PARSE_JSON('{"a": [1, 2]}', wide_number_mode => 'round'), '$.a[0]') AS a
