-- Rows, values that are not NULL, distinct values; also over a window.
SELECT
  g,
  COUNT(*) AS row_count,
  COUNT(v) AS not_null,
  COUNT(DISTINCT v) AS distinct_ones,
  MAX(every) AS over_all
FROM (
  SELECT *, COUNT(*) OVER () AS every
  FROM UNNEST([STRUCT('a' AS g, 'x' AS v), ('a', 'x'), ('a', NULL), ('b', NULL), (NULL, 'e\u0301'), (NULL, 'é')])
)
GROUP BY g
ORDER BY g
