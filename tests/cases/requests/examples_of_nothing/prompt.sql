-- With no example to show nothing is asked.
SELECT id AS key, {{ prompt('Classify. ' ~ examples(seed('labelled.csv'), '{review}', order_by = 'id')) }} AS prompt
FROM UNNEST([1, 2]) AS id
