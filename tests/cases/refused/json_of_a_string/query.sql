-- GoogleSQL reads a STRING leniently and keeps its numbers as they are written: here JSON is wanted.
SELECT JSON_VALUE(payload, '$.a') AS x FROM (SELECT '{"a": 1.50}' AS payload)
