-- A prompt that is the author's own expression: where it is NULL, that is all there is to say.
SELECT id AS key, CONCAT('Say ', word) AS prompt
FROM (SELECT 1 AS id, 'one' AS word UNION ALL SELECT 2, NULL)
