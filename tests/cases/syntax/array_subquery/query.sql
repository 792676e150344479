-- ARRAY(SELECT …): over an array in its order, over tables, of STRUCTs, inside of each other. No rows give an empty array.
SELECT
  n,
  ARRAY(SELECT UPPER(e) FROM UNNEST(tags) AS e) AS each,
  ARRAY(SELECT e FROM UNNEST(tags) AS e WITH OFFSET AS o WHERE e != 'b' ORDER BY o) AS a_few,
  ARRAY(SELECT CONCAT(CAST(o AS STRING), e) FROM UNNEST(tags) AS e WITH OFFSET AS o ORDER BY o) AS numbered,
  ARRAY(SELECT e FROM UNNEST(tags) AS e ORDER BY e DESC LIMIT 2) AS sorted,
  ARRAY(SELECT DISTINCT e FROM UNNEST(tags) AS e ORDER BY e) AS distinct_ones,
  ARRAY(SELECT AS STRUCT e AS tag, n AS of_row FROM UNNEST(tags) AS e) AS structs,
  ARRAY(SELECT STRUCT(e AS tag) FROM UNNEST(tags) AS e) AS other_structs,
  ARRAY(SELECT x FROM UNNEST(items) WHERE x > 1) AS fields,
  ARRAY(SELECT (SELECT MAX(f) FROM UNNEST([i.x, 2]) AS f) FROM UNNEST(items) AS i) AS nested,
  ARRAY(SELECT STRUCT(ARRAY(SELECT c FROM UNNEST(SPLIT(e, '')) AS c) AS letters) FROM UNNEST(tags) AS e) AS arrays_inside,
  ARRAY(SELECT other.n FROM UNNEST([STRUCT(3 AS n), STRUCT(1)]) AS other ORDER BY other.n) AS of_a_table
FROM (
  SELECT 1 AS n, ['b', 'a', 'cd'] AS tags, [STRUCT(1 AS x), STRUCT(3)] AS items
  UNION ALL SELECT 2, [], []
  UNION ALL SELECT 3, CAST(NULL AS ARRAY<STRING>), NULL
)
ORDER BY n
