-- The character of a code point.
SELECT n, CHR(n) AS c, LENGTH(CHR(n)) AS length
FROM UNNEST([65, 233, 128512, 10, 0, 55295, 57344, 1114111, NULL]) AS n
ORDER BY n
