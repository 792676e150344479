-- The square root of a number that is not negative.
SELECT n, SQRT(f) AS of_float, SQRT(n) AS of_int FROM UNNEST([STRUCT(1 AS n, 2.0 AS f), (4, 0.0), (9, 1e300), (2, NULL)]) ORDER BY n
