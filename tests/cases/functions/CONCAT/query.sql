-- Texts one after the other; NULL where one of them is.
SELECT n, CONCAT(a, '-', b) AS joined, CONCAT(a) AS one, CONCAT(a, a, a, b) AS many
FROM UNNEST([
  STRUCT(1 AS n, 'x' AS a, 'é😀' AS b), (2, '', ''), (3, NULL, 'y'), (4, 'e', '\u0301'), (5, '\n\000', '\u2028')
])
ORDER BY n
