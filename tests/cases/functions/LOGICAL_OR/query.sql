-- Whether one is true.
SELECT g, LOGICAL_OR(v) AS one_true
FROM UNNEST([STRUCT(1 AS g, FALSE AS v), (1, NULL), (2, TRUE), (2, FALSE), (3, NULL)])
GROUP BY g
ORDER BY g
