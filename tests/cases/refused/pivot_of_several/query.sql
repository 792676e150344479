-- Several aggregates of a PIVOT need names, as in GoogleSQL.
SELECT * FROM (SELECT 1 AS v, 'a' AS k) PIVOT (SUM(v), COUNT(v) AS n FOR k IN ('a'))
