-- The angle in radians of a point, y before x.
-- Note: its last digits may differ.
SELECT n, ATAN2(y, x) AS angle
FROM UNNEST([STRUCT(1 AS n, 1.0 AS y, 2.0 AS x), (2, 0, -1), (3, -1, 0), (4, 0, 0), (5, NULL, 1)])
ORDER BY n
