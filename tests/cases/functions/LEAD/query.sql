-- The value of a later row, or the third argument where there is none.
SELECT n, LEAD(v) OVER (ORDER BY n) AS one, LEAD(v, 2) OVER (ORDER BY n) AS two, LEAD(v, 1, 0) OVER (ORDER BY n) AS with_default
FROM UNNEST([STRUCT(1 AS n, 10 AS v), (2, NULL), (3, 30)])
ORDER BY n
