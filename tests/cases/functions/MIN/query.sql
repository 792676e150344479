-- The least value of a group, without NULLs.
-- Note: NaN is greater than any number here; there any NaN is the answer.
SELECT g, MIN(i) AS of_int, MIN(s) AS of_text, MIN(d) AS of_date, MIN(b) AS of_bool
FROM UNNEST([
  STRUCT('a' AS g, 1 AS i, 'b' AS s, DATE '2024-01-01' AS d, TRUE AS b), ('a', -5, 'é', NULL, FALSE), ('a', NULL, 'Z', DATE '0001-01-01', NULL),
  ('b', NULL, NULL, NULL, NULL)
])
GROUP BY g
ORDER BY g
