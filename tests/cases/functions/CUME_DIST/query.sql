-- The share of rows that are not after this one, ties together.
SELECT g, x, CUME_DIST() OVER (PARTITION BY g ORDER BY x) AS share
FROM UNNEST([STRUCT('a' AS g, 1 AS x), ('a', 2), ('a', 2), ('a', NULL), ('b', 5)])
ORDER BY g, x
