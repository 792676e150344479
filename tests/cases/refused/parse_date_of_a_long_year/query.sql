-- A text that GoogleSQL may read is no NULL.
SELECT SAFE.PARSE_DATE('%Y-%m-%d', s) AS x FROM (SELECT '02024-01-02' AS s)
