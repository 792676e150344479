-- Keys that a run refuses: NULL, and those that stand more than once.
SELECT id AS key, {{ prompt('Say {word}.') }} AS prompt
FROM (
  SELECT 'a' AS id, 'one' AS word UNION ALL
  SELECT 'a', 'two' UNION ALL
  SELECT 'b', 'two' UNION ALL
  SELECT NULL, 'one' UNION ALL
  SELECT NULL, 'three' UNION ALL
  SELECT 'c', 'four' UNION ALL
  SELECT 'c', 'four' UNION ALL
  SELECT 'c', NULL
)
