-- A row with a NULL in its prompt is not asked, and the first NULL column is named; a default stands in for NULL.
SELECT id AS key, {{ prompt("{title}: {body} by {author|'someone\\'s pen'} in {place|''}") }} AS prompt
FROM (
  SELECT 1 AS id, 'T' AS title, 'B' AS body, 'A' AS author, 'P' AS place UNION ALL
  SELECT 2, 'T', 'B', NULL, NULL UNION ALL
  SELECT 3, NULL, 'B', 'A', 'P' UNION ALL
  SELECT 4, 'T', NULL, 'A', 'P' UNION ALL
  SELECT 5, NULL, NULL, NULL, NULL UNION ALL
  SELECT 6, '', '', '', ''
)
