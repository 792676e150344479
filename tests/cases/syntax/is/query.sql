-- IS NULL, IS TRUE and IS DISTINCT FROM are never NULL.
SELECT n, b IS NULL AS is_null, b IS NOT NULL AS is_not_null, b IS TRUE AS is_true, b IS NOT TRUE AS is_not_true, b IS FALSE AS is_false, b IS NOT FALSE AS is_not_false,
  v IS DISTINCT FROM 1 AS is_distinct, v IS NOT DISTINCT FROM NULL AS is_same_as_null
FROM UNNEST([STRUCT(1 AS n, TRUE AS b, 1 AS v), (2, FALSE, 2), (3, NULL, NULL)])
ORDER BY n
