-- Rows that ask the same share a hash, which is asked once.
SELECT id AS key, {{ prompt('Is {fruit} a fruit?') }} AS prompt
FROM (
  SELECT 'c' AS id, 'apple' AS fruit UNION ALL
  SELECT 'a', 'apple' UNION ALL
  SELECT 'b', 'Apple' UNION ALL
  SELECT 'd', 'apple ' UNION ALL
  SELECT 'e', NULL UNION ALL
  SELECT 'f', NULL
)
