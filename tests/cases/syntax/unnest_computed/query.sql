-- UNNEST of an array that is computed of the row: JSON, text, numbers, dates, a query.
SELECT n, JSON_VALUE(item.m) AS m, place, word, day, loud
FROM UNNEST([
  STRUCT(1 AS n, JSON '{"l": [{"m": 1}, {"m": "é"}]}' AS j, 'A,b' AS s, DATE '2024-01-01' AS a, DATE '2024-01-02' AS b, ['x', 'Y'] AS tags),
  (2, JSON '{"l": 1}', '', DATE '2024-01-01', DATE '2024-01-01', []), (3, NULL, NULL, NULL, NULL, NULL)
]) AS t
LEFT JOIN UNNEST(JSON_QUERY_ARRAY(t.j, '$.l')) AS item WITH OFFSET AS place
LEFT JOIN UNNEST(SPLIT(LOWER(CONCAT(s, ',', CAST(n AS STRING))), ',')) AS word
LEFT JOIN UNNEST(GENERATE_DATE_ARRAY(a, b)) AS day
LEFT JOIN UNNEST(ARRAY(SELECT UPPER(x) FROM UNNEST(t.tags) AS x)) AS loud
ORDER BY n, place, word, day, loud
