-- The bits of the INT64s of a group, without its NULLs.
SELECT g, BIT_XOR(x) AS bits
FROM UNNEST([STRUCT('a' AS g, 6 AS x), ('a', 3), ('a', NULL), ('b', -1), ('b', 5), ('c', NULL)])
GROUP BY g
ORDER BY g
