-- AND, OR and NOT with NULL.
SELECT a, b, a AND b AS both, a OR b AS either, NOT a AS negated, a = b AS equal
FROM UNNEST([TRUE, FALSE, NULL]) AS a, UNNEST([TRUE, FALSE, NULL]) AS b
ORDER BY a, b
