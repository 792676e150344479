-- %f is for FLOAT64 and NUMERIC, as in GoogleSQL.
SELECT FORMAT('%.2f', n) AS x FROM (SELECT 1 AS n)
