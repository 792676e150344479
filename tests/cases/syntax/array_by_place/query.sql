-- An item of an array by its place from 0, without a word for it; a field of an item names its column.
SELECT [n, 2][0] AS item, ['a', 'é'][n - 1] AS computed, items[OFFSET(0)].a, items[SAFE_OFFSET(9)].a AS none
FROM UNNEST([STRUCT(1 AS n, [STRUCT('x' AS a)] AS items), (2, [STRUCT('y' AS a)])])
ORDER BY n
