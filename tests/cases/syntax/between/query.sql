-- BETWEEN includes both ends; NULL gives NULL.
SELECT n, v BETWEEN 1 AND 3 AS inside, v NOT BETWEEN 1 AND 3 AS outside, s BETWEEN 'a' AND 'z' AS text, v BETWEEN NULL AND 3 AS with_null
FROM UNNEST([STRUCT(1 AS n, 1 AS v, 'é' AS s), (2, 3, 'a'), (3, 4, 'Z'), (4, NULL, NULL)])
ORDER BY n
