-- Whether a FLOAT64 is no number.
SELECT n, IS_NAN(x) AS yes, IS_NAN(1) AS of_int
FROM UNNEST([STRUCT(1 AS n, 1.5 AS x), (2, CAST('nan' AS FLOAT64)), (3, CAST('-inf' AS FLOAT64)), (4, NULL)])
ORDER BY n
