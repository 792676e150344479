-- Rows written in the query itself, the way BigQuery's own pages do.
SELECT key, word, {{ prompt('Say {word}.') }} AS prompt
FROM UNNEST([STRUCT(1 AS key, 'one' AS word), (2, 'two'), (3, NULL)])
