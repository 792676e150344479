-- A directive needs a value.
SELECT FORMAT('%s is 100%', 'x') AS x
