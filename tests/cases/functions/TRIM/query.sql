-- A text without the white space, or the characters, around it.
SELECT n, TRIM(s) AS of_spaces, TRIM(s, 'xé') AS of_characters, TRIM(s, '') AS of_nothing
FROM UNNEST([STRUCT(1 AS n, ' \t\na b \r\n' AS s), (2, '\u00a0\u2003a\u3000'), (3, 'xéaéx'), (4, ''), (5, '   '), (6, '\u200ba'), (7, NULL)])
ORDER BY n
