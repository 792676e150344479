-- The arrays of a group joined, without its NULLs; NULL where there is none.
SELECT g, ARRAY_CONCAT_AGG(a ORDER BY n) AS items
FROM UNNEST([STRUCT('a' AS g, 1 AS n, [1, 2] AS a), ('a', 3, [3]), ('a', 2, []), ('a', 0, NULL), ('b', 1, [])])
GROUP BY g
ORDER BY g
