-- A text with all of another replaced; what is empty is found nowhere.
SELECT n, REPLACE(s, 'ab', '-') AS replaced, REPLACE(s, '', 'x') AS of_nothing, REPLACE(s, '😀', '') AS taken_out
FROM UNNEST([STRUCT(1 AS n, 'ababa' AS s), (2, 'AB'), (3, ''), (4, 'é😀😀'), (5, NULL)])
ORDER BY n
