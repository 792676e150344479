-- Rows that share a request are spared, and those whose request has its answer: the one that is shown counts, of requests of now.
SELECT id AS key, {{ prompt('Say {word}.') }} AS prompt
FROM (
  SELECT id, word
  FROM UNNEST([
    STRUCT(1 AS id, 'one' AS word), (2, 'one'), (3, 'one'), (4, 'two words'), (5, 'two words'), (6, 'three'), (7, 'four'),
    (8, 'four'), (9, 'five'), (10, NULL)
  ])
)
