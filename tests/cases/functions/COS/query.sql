-- The cosine of an angle in radians.
-- Note: its last digits may differ.
SELECT n, COS(x) AS y
FROM UNNEST([STRUCT(1 AS n, 0.0 AS x), (2, 0.5), (3, 1.0), (4, -1.0), (5, NULL), (6, CAST('nan' AS FLOAT64))])
ORDER BY n
