-- As JSON_QUERY.
-- Note: takes JSON, not STRING: wrap text in PARSE_JSON.
SELECT n, JSON_EXTRACT(j, '$.a') AS list, JSON_EXTRACT(j, '$.a[1]') AS item, JSON_EXTRACT(j, '$.n') AS nothing, JSON_EXTRACT(j, '$.c') AS object
FROM UNNEST([STRUCT(1 AS n, JSON '{"a": [1, "b", 2.50], "c": {"d e": "x"}, "n": null}' AS j), (2, JSON '[]'), (3, NULL)])
ORDER BY n
