-- A text filled up on the right, or cut off, to a number of characters.
SELECT n, RPAD(s, 5) AS blanks, RPAD(s, 5, 'xy') AS pattern, RPAD(s, 2, 'é😀') AS cut, RPAD(s, 0) AS none
FROM UNNEST([STRUCT(1 AS n, 'a' AS s), (2, 'é😀'), (3, 'abcdef'), (4, ''), (5, NULL)])
ORDER BY n
