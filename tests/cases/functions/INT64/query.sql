-- The INT64 that JSON is; another JSON is an error, NULL is NULL.
SELECT n, INT64(j.a) AS value
FROM UNNEST([STRUCT(1 AS n, JSON '{"a": 1}' AS j), (2, JSON '{"a": -9223372036854775808}'), (3, JSON '{}'), (4, NULL), (5, JSON '{"a": 1.0}'), (6, JSON '{"a": 1e3}'), (7, JSON '{"a": -0}')])
ORDER BY n
