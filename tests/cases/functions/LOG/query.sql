-- The natural logarithm, or that to a base.
-- Note: its last digits may differ.
SELECT n, LOG(x) AS to_e, LOG(x, 2) AS to_two, LOG(x, b) AS to_base, LOG(8, 2) AS whole
FROM UNNEST([STRUCT(1 AS n, 8.0 AS x, 10.0 AS b), (2, 1, 0.5), (3, 0.5, 10), (4, NULL, 10), (5, 10, NULL), (6, CAST('inf' AS FLOAT64), 10)])
ORDER BY n
