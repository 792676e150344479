-- The number of a row in its partition.
SELECT g, v, ROW_NUMBER() OVER (PARTITION BY g ORDER BY v DESC) AS number
FROM UNNEST([STRUCT('a' AS g, 1 AS v), ('a', NULL), ('a', 3), ('b', 2), (NULL, 5)])
ORDER BY g, number
