-- The code point of the first character, 0 of an empty text.
SELECT n, UNICODE(s) AS code
FROM UNNEST([STRUCT(1 AS n, 'A' AS s), (2, 'é'), (3, ''), (4, '😀a'), (5, NULL)])
ORDER BY n
