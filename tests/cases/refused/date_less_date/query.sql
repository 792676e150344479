-- DATE - DATE is an INTERVAL in GoogleSQL, a number in DuckDB.
SELECT DATE '2024-01-02' - DATE '2024-01-01' AS x
