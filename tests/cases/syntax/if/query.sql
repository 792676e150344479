-- IF takes the third argument where the condition is false or NULL.
SELECT n, IF(v > 1, 'yes', 'no') AS text, IF(v IS NULL, NULL, v) AS maybe, IF(v > 1, 1, 2.5) AS wider, IF(v > 1, NUMERIC '1.5', 0.5) AS of_numeric
FROM UNNEST([STRUCT(1 AS n, 2 AS v), (2, 1), (3, NULL)])
ORDER BY n
