-- LIKE ANY, SOME and ALL of several patterns, with NOT, with NULL.
SELECT
  n,
  x LIKE ANY ('a%', '%b', p) AS any_of,
  x LIKE SOME ('a%') AS some_of,
  x LIKE ALL ('%b%', p) AS all_of,
  x NOT LIKE ANY ('a%', p) AS not_any,
  x NOT LIKE ALL ('a%', p) AS not_all
FROM UNNEST([STRUCT(1 AS n, 'ab' AS x, '%' AS p), (2, 'b', NULL), (3, NULL, 'a'), (4, 'é', '_'), (5, '', '')])
ORDER BY n
