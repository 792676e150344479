-- `parts` is an array of STRUCTs, however it is made; an empty one and a NULL one ask nothing, one with both asks both.
SELECT 1 AS key, [STRUCT('a' AS text, CAST(NULL AS STRING) AS file_uri, CAST(NULL AS STRING) AS mime_type), {{ file('gs://b/a.pdf', 'application/pdf') }}] AS parts
UNION ALL
SELECT 2, CAST([] AS ARRAY<STRUCT<text STRING, file_uri STRING, mime_type STRING>>)
UNION ALL
SELECT 3, CAST(NULL AS ARRAY<STRUCT<text STRING, file_uri STRING, mime_type STRING>>)
UNION ALL
SELECT 4, [STRUCT('what is this?' AS text, 'gs://b/x.jpg' AS file_uri, 'image/jpeg' AS mime_type)]
