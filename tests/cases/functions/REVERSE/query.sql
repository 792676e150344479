-- The characters from last to first, each code point by itself.
SELECT n, REVERSE(s) AS reversed
FROM UNNEST([STRUCT(1 AS n, 'abc' AS s), (2, 'e\u0301x'), (3, '👨‍👩‍👧x'), (4, ''), (5, 'a\nb'), (6, NULL)])
ORDER BY n
