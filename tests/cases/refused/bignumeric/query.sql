-- DuckDB has no decimal of 76 digits.
SELECT CAST(1 AS BIGNUMERIC) AS x
