-- As JSON_VALUE_ARRAY.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON.
SELECT n, JSON_EXTRACT_STRING_ARRAY(j, '$.a') AS list, JSON_EXTRACT_STRING_ARRAY(j) AS whole
FROM UNNEST([STRUCT(1 AS n, JSON '{"a": [1, "b", 2.50], "c": {"d e": "x"}, "n": null}' AS j), (2, JSON '[]'), (3, NULL)])
ORDER BY n
