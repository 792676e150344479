-- How many bits of an INT64 are set.
SELECT n, BIT_COUNT(x) AS bits
FROM UNNEST([STRUCT(1 AS n, 7 AS x), (2, -1), (3, 0), (4, -9223372036854775808), (5, NULL)])
ORDER BY n
