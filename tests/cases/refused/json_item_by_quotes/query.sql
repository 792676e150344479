-- A name with quotes in it is not looked for.
SELECT j['a"b'] AS x FROM (SELECT JSON '{}' AS j)
