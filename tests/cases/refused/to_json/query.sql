-- TO_JSON sorts fields and keeps numbers apart as DuckDB does not.
SELECT TO_JSON(STRUCT(1 AS a)) AS x
