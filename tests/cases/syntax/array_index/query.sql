-- list[OFFSET(0)] and list[ORDINAL(1)] are the first; SAFE_OFFSET and SAFE_ORDINAL give NULL beyond the ends.
SELECT
  n,
  a[OFFSET(0)] AS first,
  a[ORDINAL(2)] AS second,
  a[SAFE_OFFSET(n)] AS at_n,
  a[SAFE_OFFSET(-2)] AS negative_offset,
  a[SAFE_ORDINAL(0)] AS ordinal_zero,
  a[SAFE_ORDINAL(-1)] AS negative_ordinal,
  a[SAFE_OFFSET(99)] AS beyond,
  s[OFFSET(0)].x AS field
FROM (
  SELECT 1 AS n, ['x', 'y', 'z'] AS a, [STRUCT(1 AS x)] AS s
  UNION ALL SELECT 5, ['é😀', NULL], [STRUCT(2 AS x)]
  UNION ALL SELECT 6, CAST(NULL AS ARRAY<STRING>), CAST(NULL AS ARRAY<STRUCT<x INT64>>)
)
ORDER BY n
