-- The number of the first character, 0 of an empty text.
SELECT n, ASCII(s) AS code
FROM UNNEST([STRUCT(1 AS n, 'A' AS s), (2, 'zé'), (3, ''), (4, '\n'), (5, NULL)])
ORDER BY n
