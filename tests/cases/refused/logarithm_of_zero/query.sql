-- As in GoogleSQL, no logarithm of 0.
SELECT LN(x) AS y FROM (SELECT 0 AS x)
