-- One row: temporary.
SELECT CAST(NULL AS NUMERIC) AS ratio
