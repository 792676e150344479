-- A text cut at a separator, a comma unless said; at nothing, into its characters; at NULL, no array.
SELECT n, SPLIT(s) AS at_commas, SPLIT(s, 'XX') AS at_text, SPLIT(s, '') AS characters, SPLIT(s, IF(n < 4, 'X', NULL)) AS at_null
FROM UNNEST([STRUCT(1 AS n, 'a,b,,c' AS s), (2, 'aXXbXX'), (3, ''), (4, 'é😀'), (5, ','), (6, NULL)])
ORDER BY n
