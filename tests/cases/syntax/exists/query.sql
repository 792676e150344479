-- EXISTS over arrays, correlated queries and NOT EXISTS.
WITH t AS (SELECT 1 AS id, 'a' AS g, ['p', 'q'] AS tags UNION ALL SELECT 2, 'a', [] UNION ALL SELECT 3, 'b', CAST(NULL AS ARRAY<STRING>))
SELECT
  id,
  EXISTS(SELECT 1 FROM UNNEST(tags) AS e WHERE e = 'p') AS has_p,
  NOT EXISTS(SELECT 1 FROM UNNEST(tags) AS e) AS has_none,
  EXISTS(SELECT 1 FROM UNNEST(tags) AS e WITH OFFSET AS o WHERE o = 1) AS has_second,
  EXISTS(SELECT 1 FROM t AS other WHERE other.g = t.g AND other.id > t.id) AS has_later
FROM t
ORDER BY id
