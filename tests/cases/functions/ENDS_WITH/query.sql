-- Whether a text ends with another one.
SELECT n, ENDS_WITH(s, e) AS ends
FROM UNNEST([STRUCT(1 AS n, 'abc' AS s, 'bc' AS e), (2, 'abc', ''), (3, '', 'a'), (4, 'x😀', '😀'), (5, 'e\u0301', '\u0301'), (6, 'aB', 'b'), (7, NULL, 'a'), (8, 'a', NULL)])
ORDER BY n
