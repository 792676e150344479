-- A system text per row; a row without one is asked without one.
SELECT id AS key, {{ prompt('Translate: {word}') }} AS prompt, {{ prompt('Into {language}.') }} AS system
FROM (SELECT 1 AS id, 'one' AS word, 'French' AS language UNION ALL SELECT 2, 'two', NULL)
