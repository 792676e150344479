-- The greatest value of a group, without NULLs.
-- Note: NaN is greater than any number here; there any NaN is the answer.
SELECT g, MAX(i) AS of_int, MAX(s) AS of_text, MAX(d) AS of_date, MAX(i) OVER () AS over_all
FROM (
  SELECT g, MAX(i) AS i, MAX(s) AS s, MAX(d) AS d
  FROM UNNEST([
    STRUCT('a' AS g, 1 AS i, 'b' AS s, DATE '2024-01-01' AS d), ('a', -5, 'é', NULL), ('a', NULL, 'Z', DATE '0001-01-01'), ('b', NULL, NULL, NULL)
  ])
  GROUP BY g
)
GROUP BY g, i
ORDER BY g
