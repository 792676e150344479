-- Whether a column is left out of the groups of this row.
SELECT a, b, COUNT(*) AS n, GROUPING(a) AS no_a, GROUPING(b) AS no_b
FROM UNNEST([STRUCT(1 AS a, 'x' AS b), (1, 'y'), (NULL, 'x')])
GROUP BY ROLLUP (a, b)
ORDER BY no_a, no_b, a, b
