-- A function that only BigQuery has.
SELECT CONTAINS_SUBSTR('Abc', 'b') AS x
