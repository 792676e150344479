-- The second argument where the first is NULL.
SELECT n, IFNULL(s, 'none') AS text, IFNULL(i, 0) AS number, IFNULL(d, 0.5) AS of_numeric
FROM UNNEST([STRUCT(1 AS n, 'x' AS s, 5 AS i, NUMERIC '1.5' AS d), (2, NULL, NULL, NULL), (3, '', 0, NUMERIC '0')])
ORDER BY n
