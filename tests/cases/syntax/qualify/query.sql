-- QUALIFY keeps rows by a window function.
SELECT g, v FROM UNNEST([STRUCT('a' AS g, 1 AS v), ('a', 3), ('b', NULL), ('b', 2), (NULL, 7)])
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY g ORDER BY v DESC) = 1
ORDER BY g
