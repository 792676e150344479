-- A column that is a STRUCT of FLOAT64 is written otherwise by DuckDB.
SELECT TO_JSON(t) AS x FROM (SELECT 1.5 AS a) AS t
