-- The text of code points, NULL where one of them is.
SELECT n, CODE_POINTS_TO_STRING(a) AS s
FROM UNNEST([STRUCT(1 AS n, [97, 233, 128512] AS a), (2, []), (3, [10]), (4, NULL), (5, [97, NULL])])
ORDER BY n
