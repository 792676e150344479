-- = != < <= > >= of numbers, texts (by code point), dates and booleans; NULL gives NULL.
-- Note: NaN equals itself and is greater than any number, where GoogleSQL compares it to nothing.
SELECT n, a = b AS eq, a != b AS ne, a < b AS lt, a <= b AS le, s > 'b' AS text, d >= DATE '2024-01-01' AS day, (a > 1) = TRUE AS bools, a = 1.0 AS int_float
FROM UNNEST([STRUCT(1 AS n, 1 AS a, 2 AS b, 'B' AS s, DATE '2024-01-01' AS d), (2, 2, 2, 'é', DATE '2023-12-31'), (3, NULL, 2, NULL, NULL)])
ORDER BY n
