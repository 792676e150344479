-- || joins texts and arrays; NULL where one is.
SELECT n, s || '-' || s AS texts, a || a || ['z'] AS arrays
FROM (SELECT 1 AS n, 'é😀' AS s, ['x'] AS a UNION ALL SELECT 2, '', [] UNION ALL SELECT 3, NULL, ['y'])
ORDER BY n
