-- Where a row has no system text of its own, the one for all is used.
{% system %}Into English.{% endsystem %}

SELECT id AS key, {{ prompt('Translate: {word}') }} AS prompt, {{ prompt('Into {language}.') }} AS system
FROM (SELECT 1 AS id, 'one' AS word, 'French' AS language UNION ALL SELECT 2, 'two', NULL)
