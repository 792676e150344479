-- Arrays written out, with and without their type; of STRUCTs the first names the fields of all.
SELECT
  [1, 2, 3] AS whole,
  ['a', NULL, 'é😀'] AS texts,
  ARRAY<INT64>[] AS empty,
  ARRAY<FLOAT64>[1, 2.5] AS typed,
  [STRUCT('a' AS x, 1 AS y), ('b', 2), STRUCT('c', 3)] AS structs,
  ARRAY<STRUCT<x INT64, y STRING>>[(1, 'a'), (2, NULL)] AS typed_structs,
  CAST([1, 2] AS ARRAY<FLOAT64>) AS converted
