-- Whether all are true that are not NULL.
SELECT g, LOGICAL_AND(v) AS all_true
FROM UNNEST([STRUCT(1 AS g, TRUE AS v), (1, NULL), (2, TRUE), (2, FALSE), (3, NULL)])
GROUP BY g
ORDER BY g
