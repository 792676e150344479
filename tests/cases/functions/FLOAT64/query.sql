-- The FLOAT64 that JSON is; another JSON is an error, NULL is NULL.
SELECT n, FLOAT64(j.a) AS value
FROM UNNEST([STRUCT(1 AS n, JSON '{"a": 1}' AS j), (2, JSON '{"a": 1.5e300}'), (3, JSON '{}'), (4, NULL), (5, JSON '{"a": 9007199254740993}'), (6, JSON '{"a": 0.1}')])
ORDER BY n
