-- The value of an earlier row, or the third argument where there is none.
SELECT n, LAG(v) OVER (ORDER BY n) AS one, LAG(v, 2) OVER (ORDER BY n) AS two, LAG(v, 1, 'none') OVER (ORDER BY n) AS with_default
FROM UNNEST([STRUCT(1 AS n, 'a' AS v), (2, NULL), (3, 'c')])
ORDER BY n
