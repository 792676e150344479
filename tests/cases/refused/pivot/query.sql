-- PIVOT is not translated.
SELECT * FROM (SELECT 1 AS v, 'a' AS k) PIVOT (SUM(v) FOR k IN ('a', 'b'))
