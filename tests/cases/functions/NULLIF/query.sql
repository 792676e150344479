-- NULL where both are equal, else the first.
SELECT n, NULLIF(s, '') AS text, NULLIF(i, 0) AS number
FROM UNNEST([STRUCT(1 AS n, 'x' AS s, 5 AS i), (2, '', 0), (3, NULL, NULL)])
ORDER BY n
