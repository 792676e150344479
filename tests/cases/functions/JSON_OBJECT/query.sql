-- JSON of names and values; of equal names the first counts.
-- Note: names are literals; fields keep the order in which they were written.
SELECT n, JSON_OBJECT('a', i, 'b', [i, 2], 'c', JSON '{"x": 1}', 'd e', 1.5, 'a', 2) AS made, JSON_OBJECT() AS empty, JSON_VALUE(JSON_OBJECT('q"', s), '$') AS no_scalar,
  JSON_OBJECT('o', JSON_OBJECT('s', s)) AS deep
FROM UNNEST([STRUCT(1 AS n, 1 AS i, 'é"' AS s), (2, NULL, NULL)])
ORDER BY n
