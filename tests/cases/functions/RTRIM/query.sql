-- A text without the white space, or the characters, that it ends with.
SELECT n, RTRIM(s) AS of_spaces, RTRIM(s, 'xé') AS of_characters
FROM UNNEST([STRUCT(1 AS n, ' a b \t\n' AS s), (2, 'a\u00a0\u2003\u3000'), (3, 'xaxéx'), (4, ''), (5, 'a\u200b'), (6, NULL)])
ORDER BY n
