-- A column of a PIVOT needs a name.
SELECT * FROM (SELECT 1 AS v, DATE '2024-01-01' AS k) PIVOT (SUM(v) FOR k IN (DATE '2024-01-01'))
