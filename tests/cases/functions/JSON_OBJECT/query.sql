-- JSON of names and values; of equal names the first counts.
-- Note: names are literals; fields keep the order in which they were written.
SELECT n, JSON_OBJECT('a', i, 'b', [i, 2], 'c', JSON '{"x": 1}', 'd e', 1.5, 'a', 2) AS made, JSON_OBJECT() AS empty, JSON_VALUE(JSON_OBJECT('q"', s), '$') AS no_scalar,
  JSON_OBJECT('o', JSON_OBJECT('s', s)) AS deep,
  JSON_OBJECT('contents', [JSON_OBJECT('role', 'user', 'parts', [JSON_OBJECT('text', s), JSON_OBJECT('file', JSON_OBJECT('uri', s, 'more', JSON_ARRAY(i, TO_JSON([s]), JSON_OBJECT())))])]) AS request,
  TO_JSON_STRING(JSON_OBJECT('f', 1e15, 'g', [0.1, -2.50], 'h', JSON_OBJECT('i', 9007199254740993, 'j', JSON '[1.5, 7]', 'n', NUMERIC '1.50', 't', TIMESTAMP '2024-02-29 01:02:03.5'))) AS as_text
FROM UNNEST([STRUCT(1 AS n, 1 AS i, 'é"' AS s), (2, NULL, NULL)])
ORDER BY n
