-- A text without the white space, or the characters, that it starts with.
SELECT n, LTRIM(s) AS of_spaces, LTRIM(s, 'xé') AS of_characters
FROM UNNEST([STRUCT(1 AS n, ' \t\na b ' AS s), (2, '\u00a0\u2003\u3000a'), (3, 'xéxax'), (4, ''), (5, '\u200ba'), (6, NULL)])
ORDER BY n
