-- The rows for which a condition is true: neither false nor NULL.
SELECT g, COUNTIF(v > 1) AS above_one, COUNTIF(v IS NULL) AS missing
FROM UNNEST([STRUCT('a' AS g, 1 AS v), ('a', 2), ('a', NULL), ('b', NULL)])
GROUP BY g
ORDER BY g
