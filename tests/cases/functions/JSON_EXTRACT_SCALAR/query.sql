-- As JSON_VALUE.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON.
SELECT n, JSON_EXTRACT_SCALAR(j, '$.a') AS list, JSON_EXTRACT_SCALAR(j, '$.a[1]') AS item, JSON_EXTRACT_SCALAR(j, '$.a[2]') AS number, JSON_EXTRACT_SCALAR(j, '$.n') AS nothing
FROM UNNEST([STRUCT(1 AS n, JSON '{"a": [1, "b", 2.50], "c": {"d e": "x"}, "n": null}' AS j), (2, JSON '[]'), (3, NULL)])
ORDER BY n
