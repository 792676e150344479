-- The items from one place to another, both included; places below 0 count from the end.
SELECT n, ARRAY_SLICE([1, 2, 3, 4], first, last) AS items, ARRAY_SLICE(CAST([] AS ARRAY<STRING>), first, last) AS none
FROM UNNEST([
  STRUCT(1 AS n, 1 AS first, 2 AS last), (2, -2, -1), (3, 3, 1), (4, -10, 1), (5, 1, -5), (6, 5, 6), (7, 0, 10), (8, NULL, 1), (9, 0, NULL), (10, -1, 0), (11, 0, 0)
])
ORDER BY n
