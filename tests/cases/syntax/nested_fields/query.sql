-- Fields of STRUCTs inside of STRUCTs, and all of them by `.*`.
SELECT n, s.a.b AS field, s.a AS inner_struct, s.* FROM (
  SELECT 1 AS n, STRUCT(STRUCT('é😀' AS b, [1, 2] AS l) AS a, 5 AS c) AS s
  UNION ALL SELECT 2, NULL
)
ORDER BY n
