-- JSON of values, NULL as null.
SELECT n, JSON_ARRAY(i, s, 1.0, TRUE, JSON 'null', [i], STRUCT(s AS a)) AS made, JSON_ARRAY() AS empty
FROM UNNEST([STRUCT(1 AS n, 1 AS i, 'é"' AS s), (2, NULL, NULL)])
ORDER BY n
