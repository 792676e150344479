-- The last item of an array, which must have one.
SELECT n, ARRAY_LAST(a) AS item
FROM UNNEST([STRUCT(1 AS n, ['é', 'b'] AS a), (2, ['c']), (3, NULL)])
ORDER BY n
