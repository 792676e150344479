-- The STRING that JSON is, or the text of a time; another JSON is an error, NULL is NULL.
-- Note: no time zone is taken.
SELECT n, STRING(j.a) AS value, STRING(TIMESTAMP '2024-01-02 03:04:05.6') AS of_timestamp, STRING(DATE '2024-01-02') AS of_date, STRING(DATETIME '2024-01-02 03:04:05') AS of_datetime
FROM UNNEST([STRUCT(1 AS n, JSON '{"a": "x"}' AS j), (2, JSON '{"a": "é\\n"}'), (3, JSON '{}'), (4, NULL), (5, JSON '{"a": ""}')])
ORDER BY n
