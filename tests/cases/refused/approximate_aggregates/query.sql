-- What is only nearly right differs.
SELECT APPROX_COUNT_DISTINCT(x) AS n FROM UNNEST([1, 2]) AS x
