-- Another name of SUBSTR.
SELECT n, SUBSTRING(s, 2, 2) AS two, SUBSTRING(s, -2) AS last_two FROM UNNEST([STRUCT(1 AS n, 'hello' AS s), (2, 'é😀x'), (3, NULL)]) ORDER BY n
