-- An aggregate that does not pass over NULL is not pivoted.
SELECT * FROM (SELECT 1 AS v, 'a' AS k) PIVOT (ARRAY_AGG(v) FOR k IN ('a', 'b'))
