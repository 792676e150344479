-- Another name of CEIL.
SELECT n, CEILING(f) AS ceiling FROM UNNEST([STRUCT(1 AS n, 1.2 AS f), (2, -1.2), (3, NULL)]) ORDER BY n
