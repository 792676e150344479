-- A path that is not written out can't be checked.
SELECT JSON_VALUE(JSON '{}', p) AS x FROM (SELECT '$.a' AS p)
