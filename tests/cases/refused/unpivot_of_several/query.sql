-- UNPIVOT takes one value.
SELECT * FROM (SELECT 1 AS a, 2 AS b) UNPIVOT ((v, w) FOR k IN ((a, b)))
