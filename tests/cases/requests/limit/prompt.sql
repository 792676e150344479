-- A limit keeps what is asked, the first by key, and never the snapshot.
SELECT id AS key, {{ prompt('Say {word}.') }} AS prompt
FROM (
  SELECT 10 AS id, 'ten' AS word UNION ALL
  SELECT 9, 'nine' UNION ALL
  SELECT 2, 'ten' UNION ALL
  SELECT 11, 'eleven' UNION ALL
  SELECT 1, NULL
)
