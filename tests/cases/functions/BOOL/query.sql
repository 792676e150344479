-- The BOOL that JSON is; another JSON is an error, NULL is NULL.
SELECT n, BOOL(j.a) AS value
FROM UNNEST([STRUCT(1 AS n, JSON '{"a": true}' AS j), (2, JSON '{"a": false}'), (3, JSON '{}'), (4, NULL)])
ORDER BY n
