-- NUMERIC has nine decimals.
SELECT CAST(1.255 AS NUMERIC(10, 2)) AS x
