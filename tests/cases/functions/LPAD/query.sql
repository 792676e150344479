-- A text filled up on the left, or cut off, to a number of characters.
SELECT n, LPAD(s, 5) AS blanks, LPAD(s, 5, 'xy') AS pattern, LPAD(s, 2, 'é😀') AS cut, LPAD(s, 0) AS none
FROM UNNEST([STRUCT(1 AS n, 'a' AS s), (2, 'é😀'), (3, 'abcdef'), (4, ''), (5, NULL)])
ORDER BY n
