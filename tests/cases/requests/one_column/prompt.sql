-- The smallest prompt: no settings, a plain text answer.
SELECT id AS key, {{ prompt('Say hello to {name}.') }} AS prompt
FROM (SELECT 1 AS id, 'Ann' AS name UNION ALL SELECT 2, 'Bob')
