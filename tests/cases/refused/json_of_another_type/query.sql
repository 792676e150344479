-- JSON that is something else, as in GoogleSQL an error.
SELECT INT64(j.a) AS x FROM (SELECT JSON '{"a": "1"}' AS j)
