-- Small letters by Unicode's full mapping: an İ becomes two characters, a Σ that ends a word ς.
SELECT n, LOWER(s) AS lower
FROM UNNEST([STRUCT(1 AS n, 'ABC xyz' AS s), (2, 'ÀÉÎ'), (3, 'ΟΔΟΣ ΣΑΣ'), (4, 'İI'), (5, 'ẞ'), (6, 'ДЖ'), (7, '中😀1'), (8, ''), (9, NULL)])
ORDER BY n
