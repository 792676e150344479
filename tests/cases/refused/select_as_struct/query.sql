-- SELECT AS STRUCT stands in ARRAY(…) and where a value is expected.
SELECT AS STRUCT 1 AS a
