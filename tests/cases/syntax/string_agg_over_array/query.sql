-- A joined array: (SELECT STRING_AGG(…) FROM UNNEST(list)), in the array's order, sorted, or the first few. NULL where nothing is left.
SELECT
  n,
  (SELECT STRING_AGG(e, '-' ORDER BY o) FROM UNNEST(tags) AS e WITH OFFSET AS o) AS in_order,
  (SELECT STRING_AGG(e, '-' ORDER BY o DESC) FROM UNNEST(tags) AS e WITH OFFSET AS o) AS backwards,
  (SELECT STRING_AGG(e ORDER BY e) FROM UNNEST(tags) AS e) AS sorted,
  (SELECT STRING_AGG(CONCAT(CAST(o AS STRING), e), '' ORDER BY o) FROM UNNEST(tags) AS e WITH OFFSET AS o WHERE e != 'x') AS numbered,
  (SELECT STRING_AGG(e, '+' ORDER BY e LIMIT 1) FROM UNNEST(tags) AS e) AS first,
  (SELECT COUNT(*) FROM UNNEST(tags)) AS number
FROM (
  SELECT 1 AS n, ['b', 'a', 'x', 'é😀'] AS tags
  UNION ALL SELECT 2, []
  UNION ALL SELECT 3, CAST(NULL AS ARRAY<STRING>)
  UNION ALL SELECT 4, ['', NULL, '']
  UNION ALL SELECT 5, CAST([NULL] AS ARRAY<STRING>)
)
ORDER BY n
